"""Every format holds every logical type without loss, to our reader and to one that shares no code."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import orc

from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import BIGINT, BINARY, JSON, STRING, Column
from lakeshot.files import Compression, FileFormat, compressions, suffix
from lakeshot.files.formats import ENCODERS, READERS
from tests.unit.examples import at_most
from tests.unit.files.every_type import (
    COLUMNS,
    ROWS,
    TYPES,
    InMemory,
    bitwise,
    column,
    csv_value,
    json_value,
)

ALL = [(file_format, compression) for file_format in ENCODERS for compression in compressions(file_format)]
Rows = list[dict[str, object]]
OPENED: Mapping[Compression, Callable[[bytes], bytes]] = {
    Compression.GZIP: gzip.decompress,
    Compression.ZSTD: zstd.decompress,
    Compression.NONE: bytes,
}


def encoded(
    tables: list[pa.Table], columns: tuple[Column, ...], file_format: FileFormat, compression: Compression
) -> bytes:
    sink = InMemory()
    encoder = ENCODERS[file_format](sink, columns, compression)
    for table in tables:
        encoder.write(table)
    encoder.close()
    return sink.getvalue()


def read(body: bytes, columns: tuple[Column, ...], file_format: FileFormat, compression: Compression) -> Rows:
    tables = READERS[file_format](InMemory(body), columns, compression)
    return [row for table in tables for row in table.to_pylist()]


def by_another_reader(body: bytes, file_format: FileFormat, compression: Compression) -> Rows:
    """The rows as Arrow's own readers, fastavro, Python's json and Python's csv find them."""
    match file_format:
        case FileFormat.PARQUET:
            return list(pq.read_table(io.BytesIO(body)).to_pylist())
        case FileFormat.ORC:
            return list(orc.read_table(io.BytesIO(body)).to_pylist())
        case FileFormat.AVRO:
            return [row for row in fastavro.reader(io.BytesIO(body)) if isinstance(row, dict)]
        case FileFormat.JSON:
            objects = [json.loads(line) for line in OPENED[compression](body).split(b"\n")[:-1]]
            return [{name: json_value(name, row.get(name)) for name in TYPES} for row in objects]
        case FileFormat.CSV:
            text = io.StringIO(OPENED[compression](body).decode(), newline="")
            return [
                {name: csv_value(name, field) for name, field in zip(TYPES, fields, strict=True)}
                for fields in csv.reader(text)
            ]
    raise ValueError(f"nothing here writes {file_format}")


@pytest.mark.parametrize(("file_format", "compression"), ALL)
@at_most(40)
@given(rows=ROWS, sliced=st.integers(0, 3))
def test_what_is_read_is_what_was_written(
    file_format: FileFormat, compression: Compression, rows: Rows, sliced: int
) -> None:
    """Any values of every type survive, also those of a slice of a table, whoever reads them."""
    table = pa.Table.from_pylist(rows, schema=arrow_schema(COLUMNS)).slice(sliced)
    body = encoded([table, table], COLUMNS, file_format, compression)
    expected = bitwise(rows[sliced:] * 2)
    assert bitwise(read(body, COLUMNS, file_format, compression)) == expected
    assert bitwise(by_another_reader(body, file_format, compression)) == expected


@pytest.mark.parametrize(("file_format", "compression"), ALL)
def test_many_rows_come_back_in_their_order(file_format: FileFormat, compression: Compression) -> None:
    """More rows than any format holds at once."""
    columns = (column("a", STRING), column("b", STRING))
    texts = [str(number) for number in range(20_000)]
    body = encoded([pa.table({"a": texts, "b": texts})] * 2, columns, file_format, compression)
    assert [row["a"] for row in read(body, columns, file_format, compression)] == texts * 2


@pytest.mark.parametrize(("file_format", "compression"), ALL)
def test_a_file_without_rows_is_a_file(file_format: FileFormat, compression: Compression) -> None:
    """An empty snapshot is one."""
    body = encoded([], COLUMNS, file_format, compression)
    assert read(body, COLUMNS, file_format, compression) == []
    assert by_another_reader(body, file_format, compression) == []


@pytest.mark.parametrize(("file_format", "compression"), ALL)
def test_the_same_rows_make_the_same_file(file_format: FileFormat, compression: Compression) -> None:
    """A file that is written once more can be told to be the one that was written before."""
    table = pa.table({"a": [str(number) for number in range(10_000)]})
    once, again = (encoded([table], (column("a", STRING),), file_format, compression) for _ in range(2))
    assert once == again


@pytest.mark.parametrize(
    ("file_format", "compression"), [one for one in ALL if one[1] is not Compression.NONE]
)
def test_a_compression_compresses(file_format: FileFormat, compression: Compression) -> None:
    """Each by the format's own means."""
    table = pa.table({"a": [f"{number:040}" for number in range(10_000)]})
    columns = (column("a", STRING),)
    plain = encoded([table], columns, file_format, Compression.NONE)
    assert len(encoded([table], columns, file_format, compression)) < len(plain) / 2


def test_row_groups_can_be_passed_over_by_what_has_an_order() -> None:
    """Parquet has the least and the greatest of a key or a text, and not of JSON and bytes."""
    kinds = {"key": BIGINT, "text": STRING, "json": JSON, "raw": BINARY}
    columns = tuple(column(name, kind) for name, kind in kinds.items())
    table = pa.table({"key": [1, 2], "text": ["a", "b"], "json": ["{}", "{}"], "raw": [b"1", b"2"]})
    body = encoded([table], columns, FileFormat.PARQUET, Compression.SNAPPY)
    group = pq.read_metadata(io.BytesIO(body)).row_group(0)
    found = [group.column(index).statistics for index in range(len(columns))]
    assert [one and (one.min, one.max) for one in found] == [(1, 2), ("a", "b"), None, None]


def test_names_tell_how_text_is_compressed() -> None:
    """Readers of text go by the name's ending; the other formats say it inside."""
    assert suffix(FileFormat.JSON, Compression.GZIP) == "json.gz"
    assert suffix(FileFormat.CSV, Compression.ZSTD) == "csv.zst"
    assert suffix(FileFormat.CSV, Compression.NONE) == "csv"
    assert suffix(FileFormat.ORC, Compression.GZIP) == "orc"
    assert suffix(FileFormat.AVRO, Compression.SNAPPY) == "avro"
