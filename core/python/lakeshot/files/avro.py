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
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns.lists import map_elements
from lakeshot.columns.schema import arrow_schema, hive_type, table_column
from lakeshot.columns.types import DECIMAL, Column, ColumnType, Scalar
from lakeshot.files import Compression, FileFormat
from lakeshot.files.avro_container import Block, avro_blocks, framed, header, long, record_schema
from lakeshot.files.codecs import compressed, plain
from lakeshot.files.encoder import Sink, Stream

ROWS_AT_ONCE = 2_048
"""Rows of a block at most; a reader holds one block."""
_NULL, _VALUE = "\0", b"\x02"
"""Which of ``["null", type]`` follows, as Avro writes it."""
_DECIMAL_BYTES = 16


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
            pc.binary_join_element_wise(_VALUE, _encoded(array.chunk(0), column.type), b"")
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


def _encoded(values: pa.Array, kind: ColumnType) -> pa.Array:
    """The bytes of each value; nulls stay null."""
    if kind.is_array:
        elements = map_elements(values, lambda inner: _encoded(inner, kind.element))
        lengths = pc.list_value_length(values)
        end = pc.if_else(pc.equal(lengths, 0), b"", b"\0")  # no elements are nothing but the zero
        return pc.binary_join_element_wise(_varints(lengths), pc.binary_join(elements, b""), end, b"")
    if kind.scalar is Scalar.BIGINT:
        return _varints(values)
    if kind.scalar is Scalar.BOOLEAN:
        return pc.if_else(values, b"\x01", b"\0")
    if kind == DECIMAL:
        return _decimals(values)
    data = pc.cast(values, pa.binary())
    return pc.binary_join_element_wise(_varints(pc.binary_length(data)), data, b"")


def _varints(numbers: pa.Array) -> pa.Array:
    """As ``avro_container.long`` does, all at once."""
    given = pc.fill_null(numbers, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    zigzag = ((given << 1) ^ (given >> 63)).astype(np.uint64)
    lengths = np.ones(len(zigzag), np.int64)
    for bits in range(7, 64, 7):
        lengths += zigzag >= np.uint64(1 << bits)
    ends = np.cumsum(lengths)
    starts, data = ends - lengths, np.zeros(int(ends[-1]) if len(ends) else 0, np.uint8)
    for position in range(int(lengths.max(initial=0))):
        longer = lengths > position
        septets = (zigzag[longer] >> np.uint64(7 * position)).astype(np.uint8) & 0x7F
        more = (lengths[longer] > position + 1).astype(np.uint8) << 7
        data[starts[longer] + position] = septets | more
    return _binary(ends, data, numbers)


def _decimals(numbers: pa.Array) -> pa.Array:
    """Sixteen bytes each, the highest first, after their number."""
    words = np.frombuffer(numbers.buffers()[1], np.uint8)
    first = numbers.offset * _DECIMAL_BYTES
    given = words[first : first + len(numbers) * _DECIMAL_BYTES].reshape(-1, _DECIMAL_BYTES)
    size = np.full((len(numbers), 1), long(_DECIMAL_BYTES)[0], np.uint8)
    data = np.hstack((size, given[:, ::-1]))
    return _binary(np.arange(1, len(numbers) + 1) * data.shape[1], data.reshape(-1), numbers)


def _binary(ends: npt.NDArray[np.int64], data: npt.NDArray[np.uint8], like: pa.Array) -> pa.Array:
    offsets = np.concatenate(([0], ends)).astype(np.int32)
    values = pa.Array.from_buffers(
        pa.binary(), len(like), [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))]
    )
    return pc.if_else(pc.is_null(like), None, values) if like.null_count else values
