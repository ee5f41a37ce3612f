r"""Typed tables as CSV and back: one line per row, columns by position, no header, UTF-8.

Nothing in a value can be taken for the file's own: no quotes, no escapes, so every reader of CSV sees the
same fields. Null is ``\N``. In texts the seven characters that mean something to some reader are
percent-encoded (RFC 3986, section 2.1), such as ``%2C`` for a comma; numbers, booleans, base64, dates and
timestamps stand as they are, and arrays are JSON. The view turns all of it back (docs/types.md).
"""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.json as pj

from lakeshot.columns.casting import arrow_type
from lakeshot.columns.plain_text import from_plain_text, plain_text
from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import Column, ColumnType, Scalar
from lakeshot.files import Compression
from lakeshot.files.encoder import Sink, Stream
from lakeshot.files.json_lines import json_text, json_type, json_value
from lakeshot.files.text_lines import ROWS_AT_ONCE, LineSink, whole_lines

NULL = "\\N"
DELIMITER = ","
_ENCODED = {character: f"%{ord(character):02X}" for character in '%,"+\\\r\n'}
"""The percent sign is encoded first and decoded last."""
_ANY_ENCODED = r'[%,"+\\\r\n]'


def encoded_characters(delimiter: str) -> dict[str, str]:
    """What stands in texts for characters that mean something to some reader of lines with a delimiter."""
    return _ENCODED | {delimiter: f"%{ord(delimiter):02X}"}


_TEXTS = (Scalar.NULL, Scalar.STRING, Scalar.JSON, Scalar.DATE_TEXT, Scalar.TIMESTAMP_TEXT)
"""Scalars whose values may have characters that are to be encoded."""


class CsvEncoder:
    """Writes each row as a line, column by column without a loop over rows."""

    def __init__(self, sink: Sink, columns: tuple[Column, ...], compression: Compression) -> None:
        self._lines, self._columns = LineSink(sink, compression), columns

    def write(self, table: pa.Table) -> None:
        """Encode the rows as lines."""
        for start in range(0, table.num_rows, ROWS_AT_ONCE):
            rows = table.slice(start, ROWS_AT_ONCE).combine_chunks()
            fields = [
                _field(values.chunk(0), column.type)
                for column, values in zip(self._columns, rows.columns, strict=True)
            ]
            lines = pc.binary_join_element_wise(
                *fields, DELIMITER, null_handling="replace", null_replacement=NULL
            )
            ended = pc.binary_join_element_wise(lines, "\n", "")
            self._lines.write(ended.buffers()[2].to_pybytes())

    def close(self) -> None:
        """Write the end of the compressed stream, if there is one."""
        self._lines.close()


def csv_tables(stream: Stream, columns: tuple[Column, ...], compression: Compression) -> Iterator[pa.Table]:
    """The rows of a CSV file that was written with these columns, some megabytes of lines at a time.

    OSError, EOFError, zlib.error, ValueError or Arrow's errors if the file is damaged.
    """
    schema = arrow_schema(columns)
    parse = pcsv.ParseOptions(
        delimiter=DELIMITER, quote_char=False, escape_char=False, ignore_empty_lines=False
    )
    convert = pcsv.ConvertOptions(
        column_types=dict.fromkeys(schema.names, pa.string()), null_values=[NULL], strings_can_be_null=True
    )
    for lines in whole_lines(stream, compression):
        read = pcsv.ReadOptions(column_names=schema.names, block_size=len(lines) + 1, use_threads=False)
        table = pcsv.read_csv(
            pa.BufferReader(lines), read_options=read, parse_options=parse, convert_options=convert
        )
        arrays = [_value(table.column(column.name).combine_chunks(), column.type) for column in columns]
        yield pa.Table.from_arrays(arrays, schema=schema)


def _field(values: pa.Array, kind: ColumnType) -> pa.Array:
    if kind.is_array:
        return _encoded(json_text(values, kind))
    return _encoded(values) if kind.scalar in _TEXTS else plain_text(values, kind)


def _value(fields: pa.Array, kind: ColumnType) -> pa.Array:
    if kind.is_array:
        return _arrays(_decoded(fields), kind)
    if kind.scalar in _TEXTS:
        return _decoded(fields)
    return from_plain_text(fields, kind, arrow_type(kind))


def _arrays(texts: pa.Array, kind: ColumnType) -> pa.Array:
    if not len(texts):
        return pa.array([], arrow_type(kind))
    lines = pc.binary_join_element_wise('{"v":', pc.fill_null(texts, "null"), "}\n", "")
    body = lines.buffers()[2]
    read = pj.ReadOptions(block_size=len(body) + 1)
    parse = pj.ParseOptions(explicit_schema=pa.schema([("v", json_type(kind))]))
    table = pj.read_json(pa.BufferReader(body), read_options=read, parse_options=parse)
    return json_value(table.column("v").combine_chunks(), kind)


def _encoded(texts: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring_regex(texts, _ANY_ENCODED)).as_py():
        return texts
    for character, code in _ENCODED.items():
        texts = pc.replace_substring(texts, character, code)
    return texts


def _decoded(texts: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring(texts, "%")).as_py():
        return texts
    for character, code in reversed(_ENCODED.items()):
        texts = pc.replace_substring(texts, code, character)
    return texts
