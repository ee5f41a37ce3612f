"""Typed tables as Avro and back, one block in memory at a time.

Written without a loop over rows: each column becomes the bytes of its values, and rows are those joined.
Read, which only files that are written once more are, by fastavro, record by record.
"""

import io
import json
import zlib
from collections.abc import Iterator
from typing import cast

import fastavro
import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns.schema import arrow_schema, hive_type, table_column
from lakeshot.columns.types import Column
from lakeshot.files import Compression, FileFormat
from lakeshot.files.avro_container import Block, avro_blocks, framed, header, long, record_schema
from lakeshot.files.avro_values import encoded
from lakeshot.files.codecs import compressed, plain
from lakeshot.files.encoder import Sink, Stream

ROWS_AT_ONCE = 2_048
"""Rows of a block at most; a reader holds one block."""
_NULL, _VALUE = "\0", b"\x02"
"""Which of ``["null", type]`` follows, as Avro writes it."""


class AvroEncoder:
    """Writes blocks of rows."""

    def __init__(self, sink: Sink, columns: tuple[Column, ...], compression: Compression) -> None:
        self._sink, self._columns, self._compression = sink, columns, compression
        begin, self._mark = header(avro_schema(columns), compression)
        sink.write(begin)

    def write(self, table: pa.Table) -> None:
        """Encode the rows as one block or several."""
        for start in range(0, table.num_rows, ROWS_AT_ONCE):
            rows = table.slice(start, ROWS_AT_ONCE).combine_chunks()
            self._sink.write(framed(Block(rows.num_rows, self._block(rows)), self._mark))

    def close(self) -> None:
        """Nothing: every block is whole by itself."""

    def _block(self, rows: pa.Table) -> bytes:
        values = [
            pc.binary_join_element_wise(_VALUE, encoded(array.chunk(0), column.type), b"")
            for column, array in zip(self._columns, rows.columns, strict=True)
        ]
        joined = pc.binary_join_element_wise(*values, b"", null_handling="replace", null_replacement=_NULL)
        data = joined.buffers()[2].to_pybytes()
        checksum = zlib.crc32(data).to_bytes(4, "big") if self._compression is Compression.SNAPPY else b""
        return compressed(data, self._compression) + checksum


def avro_schema(columns: tuple[Column, ...]) -> str:
    """The Avro schema of a file with these columns."""
    return record_schema(
        {
            table_column(column.name, FileFormat.AVRO): hive_type(column.type, FileFormat.AVRO)
            for column in columns
        }
    )


def avro_tables(stream: Stream, columns: tuple[Column, ...], compression: Compression) -> Iterator[pa.Table]:
    """The rows of an Avro file that was written with these columns, one block at a time.

    OSError, EOFError, zlib.error, ValueError or Arrow's errors if the file is damaged.
    """
    schema = arrow_schema(columns)
    rows_schema = fastavro.parse_schema({"type": "array", "items": json.loads(avro_schema(columns))})
    names = [table_column(column.name, FileFormat.AVRO) for column in columns]
    for block in avro_blocks(stream):
        # An array is written as the number of its elements, those, and a zero: one call decodes them all.
        data = long(block.rows) + _plain(block.data, compression) + long(0)
        records = cast(
            list[dict[str, object]], fastavro.schemaless_reader(io.BytesIO(data), rows_schema, None)
        )
        arrays = [
            pa.array([record[name] for record in records], field.type)
            for name, field in zip(names, schema, strict=True)
        ]
        yield pa.Table.from_arrays(arrays, schema=schema)


def _plain(data: bytes, compression: Compression) -> bytes:
    if compression is not Compression.SNAPPY:
        return plain(data, compression)
    found = plain(data[:-4], compression)
    if zlib.crc32(found) != int.from_bytes(data[-4:], "big"):
        raise OSError("a block's checksum is not that of its bytes")
    return found
