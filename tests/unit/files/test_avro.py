"""Avro files are blocks that can be counted and checked without decoding a row."""

import io

import fastavro
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.types import BIGINT, STRING
from lakeshot.files import Compression, FileFormat, compressions
from lakeshot.files.avro import AvroEncoder, avro_tables
from lakeshot.files.avro_container import avro_blocks, avro_rows
from tests.unit.files.every_type import InMemory, column

COLUMNS = (column("a", STRING), column("n", BIGINT))


def file(rows: int, compression: Compression = Compression.NONE) -> bytes:
    sink = InMemory()
    encoder = AvroEncoder(sink, COLUMNS, compression)
    encoder.write(pa.table({"a": [f"row {number}" for number in range(rows)], "n": list(range(rows))}))
    encoder.close()
    return sink.getvalue()


@pytest.mark.parametrize("compression", compressions(FileFormat.AVRO))
def test_blocks_are_those_that_another_reader_finds(compression: Compression) -> None:
    """Their rows and their number; the codec and the schema stand in the header."""
    body = file(10_000, compression)
    others = fastavro.block_reader(io.BytesIO(body))
    assert [block.rows for block in avro_blocks(InMemory(body))] == [block.num_records for block in others]
    assert others.codec == {"gzip": "deflate", "zstd": "zstandard", "none": "null"}.get(
        compression, compression
    )
    assert others.writer_schema == {
        "type": "record",
        "name": "lakeshot.row",
        "fields": [
            {"name": "a", "type": ["null", "string"], "default": None},
            {"name": "n", "type": ["null", "long"], "default": None},
        ],
    }


@given(st.integers(-(2**63), 2**63 - 1), st.text(max_size=300))
def test_numbers_and_lengths_of_any_size(number: int, text: str) -> None:
    """As another reader reads them."""
    text = text.encode(errors="ignore").decode()
    sink = InMemory()
    AvroEncoder(sink, COLUMNS, Compression.NONE).write(pa.table({"a": [text], "n": [number]}))
    assert list(fastavro.reader(io.BytesIO(sink.getvalue()))) == [{"a": text, "n": number}]


@pytest.mark.parametrize("cut", [3, 20, 200, -1, -17, -4_000])
def test_a_file_that_ends_early_is_an_error(cut: int) -> None:
    """In its header, within a block, and within the mark after it."""
    with pytest.raises((OSError, EOFError)):
        avro_rows(InMemory(file(10_000)[:cut]), Compression.NONE)


def test_a_block_that_does_not_end_with_the_mark_is_an_error() -> None:
    """What says that it is longer or shorter than it is, is found out at its end."""
    body = file(10)
    with pytest.raises(OSError, match="does not end with the mark"):
        avro_rows(InMemory(body[:-1] + bytes([body[-1] ^ 1])), Compression.NONE)


def test_a_block_of_snappy_has_a_checksum_that_is_checked() -> None:
    """The one compression of Avro that brings one."""
    body = bytearray(file(100, Compression.SNAPPY))
    body[-17] ^= 1
    with pytest.raises(OSError, match="a block's checksum is not that of its bytes"):
        list(avro_tables(InMemory(bytes(body)), COLUMNS, Compression.SNAPPY))
