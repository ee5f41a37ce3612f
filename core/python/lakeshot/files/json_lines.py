"""Typed tables as JSON lines: one object per row, UTF-8, nulls left out.

What a JSON number cannot hold for every reader is a string: decimals keep their exact digits,
floating-point values may be no number, bytes are base64. The view turns them back (docs/types.md).
"""

import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from lakeshot.columns.casting import arrow_type
from lakeshot.columns.json_text import quote
from lakeshot.columns.lists import map_elements
from lakeshot.columns.plain_text import from_plain_text, plain_text
from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import Column, ColumnType, Scalar
from lakeshot.files import Compression
from lakeshot.files.encoder import Sink, Stream
from lakeshot.files.text_lines import ROWS_AT_ONCE, LineSink, whole_lines

_BARE = {Scalar.BIGINT: pa.int64(), Scalar.BOOLEAN: pa.bool_()}
"""Scalars that stand in a line without quotes; all others are text there."""


class JsonLinesEncoder:
    """Writes each row as a line, column by column without a loop over rows."""

    def __init__(self, sink: Sink, columns: tuple[Column, ...], compression: Compression) -> None:
        self._lines, self._columns = LineSink(sink, compression), columns

    def write(self, table: pa.Table) -> None:
        """Encode the rows as lines."""
        for start in range(0, table.num_rows, ROWS_AT_ONCE):
            self._lines.write(self._encoded(table.slice(start, ROWS_AT_ONCE).combine_chunks()))

    def close(self) -> None:
        """Write the end of the compressed stream, if there is one."""
        self._lines.close()

    def _encoded(self, table: pa.Table) -> bytes:
        # Joining with null_handling="skip" would drop rows of nothing but nulls (seen in Arrow 22),
        # so every member brings its comma and nulls are replaced by no text.
        members = [
            pc.binary_join_element_wise(
                json.dumps(column.name) + ":", json_text(values.chunk(0), column.type), ",", ""
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
        written = written.set(index, pa.field(column.name, json_type(column.type)))
    options = pj.ParseOptions(explicit_schema=written, unexpected_field_behavior="error")
    for lines in whole_lines(stream, compression):
        read = pj.ReadOptions(block_size=len(lines))
        table = pj.read_json(pa.BufferReader(lines), read_options=read, parse_options=options)
        arrays = [json_value(table.column(c.name).combine_chunks(), c.type) for c in columns]
        yield pa.Table.from_arrays(arrays, schema=arrow_schema(columns))


def json_text(values: pa.Array, kind: ColumnType) -> pa.Array:
    """Each value as it stands in a line; nulls stay null."""
    if kind.is_array:
        texts = map_elements(values, lambda elements: json_text(elements, kind.element))
        return pc.binary_join_element_wise("[", pc.binary_join(texts, ","), "]", "")
    plain = plain_text(values, kind)
    return plain if kind.scalar in _BARE else quote(plain)


def json_type(kind: ColumnType) -> pa.DataType:
    """What a JSON reader takes the values of a type for."""
    scalar = _BARE.get(kind.scalar, pa.string())
    return pa.list_(scalar) if kind.is_array else scalar


def json_value(texts: pa.Array, kind: ColumnType) -> pa.Array:
    """The values of a type, given as a JSON reader finds them."""
    if kind.is_array:
        return map_elements(texts, lambda elements: json_value(elements, kind.element))
    return texts if kind.scalar in _BARE else from_plain_text(texts, kind, arrow_type(kind))
