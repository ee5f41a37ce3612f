"""Typed tables as JSON lines: one object per row, UTF-8, nulls left out.

What a JSON number cannot hold for every reader is a string: decimals keep their exact digits,
bytes are base64. The view turns them back (docs/types.md).
"""

import json
import zlib
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from lakeshot.columns import base64_text
from lakeshot.columns.casting import arrow_type, cast_array
from lakeshot.columns.json_text import quote
from lakeshot.columns.lists import map_elements
from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import DECIMAL, NUMBER_TEXT, Column, ColumnType, Scalar
from lakeshot.files import Compression
from lakeshot.files.encoder import Sink, Stream

ROWS_AT_ONCE = 8_192
"""Bounds the text in memory, and keeps it below the 2 GiB one Arrow array of text can hold."""
BYTES_AT_ONCE = 4 * 1024**2
GZIP_STREAM = 16 + zlib.MAX_WBITS
_BARE = {Scalar.BIGINT: pa.int64(), Scalar.BOOLEAN: pa.bool_()}
"""Scalars that stand in a line without quotes; all others are text there."""


class JsonLinesEncoder:
    """Writes each row as a line, column by column without a loop over rows."""

    def __init__(self, sink: Sink, columns: tuple[Column, ...], compression: Compression) -> None:
        self._sink, self._columns = sink, columns
        gzip = compression is Compression.GZIP
        self._gzip = zlib.compressobj(wbits=GZIP_STREAM) if gzip else None

    def write(self, table: pa.Table) -> None:
        """Encode the rows as lines."""
        for start in range(0, table.num_rows, ROWS_AT_ONCE):
            lines = self._lines(table.slice(start, ROWS_AT_ONCE).combine_chunks())
            self._sink.write(self._gzip.compress(lines) if self._gzip else lines)

    def close(self) -> None:
        """Write the end of the compressed stream, if there is one."""
        if self._gzip:
            self._sink.write(self._gzip.flush())

    def _lines(self, table: pa.Table) -> bytes:
        # Joining with null_handling="skip" would drop rows of nothing but nulls (seen in Arrow 22),
        # so every member brings its comma and nulls are replaced by no text.
        members = [
            pc.binary_join_element_wise(
                json.dumps(column.name) + ":", _text(values.chunk(0), column.type), ",", ""
            )
            for column, values in zip(self._columns, table.columns, strict=True)
            if values.null_count < table.num_rows
        ]
        nothing = pa.nulls(table.num_rows, pa.string())
        bodies = pc.binary_join_element_wise(nothing, *members, "", null_handling="replace")
        bodies = pc.utf8_rtrim(bodies, ",")
        lines = pc.binary_join_element_wise("{", bodies, "}\n", "")
        text: bytes = lines.buffers()[2].to_pybytes()
        return text


def json_lines_tables(
    stream: Stream, columns: tuple[Column, ...], compression: Compression
) -> Iterator[pa.Table]:
    """The rows of a JSON-lines file as typed tables, a few megabytes of lines at a time."""
    written = arrow_schema(columns)
    for index, column in enumerate(columns):
        written = written.set(index, pa.field(column.name, _written_type(column.type)))
    options = pj.ParseOptions(explicit_schema=written, unexpected_field_behavior="error")
    for lines in _whole_lines(stream, compression):
        read = pj.ReadOptions(block_size=len(lines))
        table = pj.read_json(pa.BufferReader(lines), read_options=read, parse_options=options)
        arrays = [_value(table.column(c.name).combine_chunks(), c.type) for c in columns]
        yield pa.Table.from_arrays(arrays, schema=arrow_schema(columns))


def plain_bytes(stream: Stream, compression: Compression) -> Iterator[bytes]:
    """The text of a file in pieces of any size; ``EOFError`` if compressed text has no end."""
    gzip = zlib.decompressobj(wbits=GZIP_STREAM) if compression is Compression.GZIP else None
    while piece := stream.read(BYTES_AT_ONCE):
        while gzip and piece:
            yield gzip.decompress(piece, BYTES_AT_ONCE)
            piece = gzip.unconsumed_tail
        if piece:
            yield piece
    if gzip and not gzip.eof:
        raise EOFError("the gzip stream ends before its end mark")


def _whole_lines(stream: Stream, compression: Compression) -> Iterator[bytes]:
    rest = b""
    for piece in plain_bytes(stream, compression):
        lines, newline, rest = (rest + piece).rpartition(b"\n")
        if newline:
            yield lines + newline


def _text(values: pa.Array, kind: ColumnType) -> pa.Array:
    if kind.is_array:
        texts = map_elements(values, lambda elements: _text(elements, kind.element))
        return pc.binary_join_element_wise("[", pc.binary_join(texts, ","), "]", "")
    if kind.scalar in _BARE:
        return pc.cast(values, pa.string())
    if kind == DECIMAL:
        return quote(cast_array(values, DECIMAL, NUMBER_TEXT))
    return quote(base64_text.encode(values) if kind.scalar is Scalar.BINARY else values)


def _written_type(kind: ColumnType) -> pa.DataType:
    scalar = _BARE.get(kind.scalar, pa.string())
    return pa.list_(scalar) if kind.is_array else scalar


def _value(texts: pa.Array, kind: ColumnType) -> pa.Array:
    if kind.is_array:
        return map_elements(texts, lambda elements: _value(elements, kind.element))
    if kind.scalar is Scalar.BINARY:
        return base64_text.decode(texts)
    return pc.cast(texts, arrow_type(kind))
