"""Columns of files and tables: what each engine calls their types, and how they grow together.

Neutral to source and engine. Types start narrow and only ever widen, losslessly.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType

import pyarrow as pa

from lakeshot.columns.casting import arrow_type, cast_array
from lakeshot.columns.names import column_names
from lakeshot.columns.partition_by import EMPTY
from lakeshot.columns.types import DATE_TEXT, NULL, NUMBER_TEXT, STRING, Column, ColumnType, Scalar, widen
from lakeshot.files import DELIMITED, FileFormat

__all__ = [
    "Column",
    "ColumnType",
    "arrow_schema",
    "arrow_type",
    "cast",
    "fingerprint",
    "hive_type",
    "partition_expression",
    "table_column",
    "trino_type",
    "unify",
    "view_expression",
    "widen",
]

_TRINO = {
    Scalar.BIGINT: "bigint",
    Scalar.DOUBLE: "double",
    Scalar.REAL: "real",
    Scalar.BOOLEAN: "boolean",
    Scalar.BINARY: "varbinary",
    Scalar.DATE: "date",
    Scalar.TIMESTAMP: "timestamp(6)",
}
"""What is neither here nor a decimal is varchar."""
_HIVE = {
    Scalar.BIGINT: "bigint",
    Scalar.DOUBLE: "double",
    Scalar.REAL: "float",
    Scalar.BOOLEAN: "boolean",
    Scalar.BINARY: "binary",
    Scalar.DATE: "date",
}
_NATIVE = frozenset({*_HIVE, Scalar.DECIMAL})
"""A timestamp is none of them: of Hive's, Athena reads milliseconds and rounds the rest away."""
_HELD_AS_THEMSELVES: Mapping[FileFormat, frozenset[Scalar]] = {
    FileFormat.PARQUET: _NATIVE,
    FileFormat.ORC: _NATIVE,
    FileFormat.AVRO: _NATIVE,
    FileFormat.JSON: frozenset({Scalar.BIGINT, Scalar.BOOLEAN}),
    FileFormat.CSV: frozenset(),
}
"""Scalars beside text that each format has; all others are text in it. Of these, too, are its arrays."""
_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_AVRO_NAME = re.compile("_*[0-9]")


def table_column(name: str, file_format: FileFormat) -> str:
    """What the column is called in files and table; the view calls it by its name.

    Names in Avro begin with no digit, so one more underscore stands before them, and before those that
    would look as if it did.
    """
    return f"_{name}" if file_format is FileFormat.AVRO and _NO_AVRO_NAME.match(name) else name


def hive_type(column_type: ColumnType, file_format: FileFormat) -> str:
    """The type as the Glue catalog names it for files of the format."""
    if file_format in DELIMITED:
        return "string"
    held = _HELD_AS_THEMSELVES[file_format]
    return column_type.apply(lambda one: _HIVE.get(one.scalar, str(one)) if one.scalar in held else "string")


def trino_type(column_type: ColumnType) -> str:
    """The type as Athena shows it in the view, whatever the files' format."""
    return column_type.apply(_trino_scalar, template="array({})")


def _trino_scalar(kind: ColumnType) -> str:
    return str(kind) if kind.scalar is Scalar.DECIMAL else _TRINO.get(kind.scalar, "varchar")


def view_expression(column: Column, file_format: FileFormat) -> str:
    """Trino SQL that turns the physical column into its logical type; carries no alias.

    It states the type also where the table has it, so that the view keeps its types whatever a crawler
    makes of the table's.
    """
    name = _quoted(table_column(column.name, file_format))
    if file_format in DELIMITED:
        return _from_csv(name, column.type)
    return _converted(name, column.type, _HELD_AS_THEMSELVES[file_format])


def partition_expression(column: Column) -> str:
    """Trino SQL that turns the text of a partition key into the column's logical type; carries no alias."""
    name = _quoted(column.name)
    if column.type in (NULL, STRING, DATE_TEXT):
        return f"CASE WHEN {name} = '{EMPTY}' THEN '' ELSE url_decode({name}) END"
    return _converted(name, column.type, frozenset())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _from_csv(name: str, kind: ColumnType) -> str:
    """Texts are percent-encoded; arrays are JSON, whose numbers and booleans stand as themselves."""
    if kind.is_array:
        in_json = hive_type(kind.element, FileFormat.JSON).replace("string", "varchar")
        array = f"CAST(json_parse(url_decode({name})) AS array({in_json}))"
        held = _HELD_AS_THEMSELVES[FileFormat.JSON]
        converted = _is_not_text(kind) and kind.scalar not in held
        return _converted(array, kind, held) if converted else array
    if _is_not_text(kind) or kind == NUMBER_TEXT:
        return _converted(name, kind, _HELD_AS_THEMSELVES[FileFormat.CSV])
    return f"url_decode({name})"


def _is_not_text(kind: ColumnType) -> bool:
    """Whether the view makes something else of a text."""
    return _trino_scalar(kind) != "varchar"


def _converted(value: str, kind: ColumnType, held: frozenset[Scalar]) -> str:
    """The value, or each one of an array, in the type that it has in the view."""
    if kind.scalar in held or not (kind.is_array and _is_not_text(kind)):
        from_base64 = kind.scalar is Scalar.BINARY and kind.scalar not in held
        return f"from_base64({value})" if from_base64 else f"CAST({value} AS {trino_type(kind)})"
    return f"transform({value}, element -> {_converted('element', kind.element, held)})"


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """The Arrow schema of a typed table with these columns."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in columns])


def unify(
    schemas: Iterable[Sequence[Column]],
    first: Sequence[str] = (),
    published: Sequence[Column] = (),
    named: Mapping[str, str] = _NOTHING,
) -> tuple[Column, ...]:
    """The columns that hold the rows of all schemas, matched by source attribute.

    Attributes of ``published`` columns keep their names and come first, in their order, because formats
    without names hold columns by position. ``named`` are names that further attributes have already. All
    others are named anew by the naming rule over all attributes. What is not published follows sorted by
    source attribute, those of ``first``, such as a table's keys, before the rest.
    """
    types: dict[str, ColumnType] = {}
    for columns in schemas:
        for column in columns:
            known = types.get(column.source, NULL)
            types[column.source] = known if known is column.type else widen(known, column.type)
    names = column_names(types, {**{column.source: column.name for column in published}, **named})
    order = dict.fromkeys([*(column.source for column in published), *first, *sorted(types)])
    return tuple(
        Column(name=names[source], source=source, type=types[source]) for source in order if source in types
    )


def cast(table: pa.Table, from_columns: Sequence[Column], to_columns: Sequence[Column]) -> pa.Table:
    """The table's rows in wider columns, losslessly; attributes it lacks become nulls.

    ``ValueError`` where ``to_columns`` lacks an attribute or is narrower.
    """
    given = {column.source: column for column in from_columns}
    lacking = sorted(given.keys() - {column.source for column in to_columns})
    if lacking:
        raise ValueError(f"cannot cast: the target columns lack {lacking}; unify the schemas first")
    arrays = [
        cast_array(table.column(given[to.source].name), given[to.source].type, to.type)
        if to.source in given
        else pa.nulls(table.num_rows, arrow_type(to.type))
        for to in to_columns
    ]
    return pa.Table.from_arrays(arrays, schema=arrow_schema(to_columns))


def fingerprint(columns: Iterable[Column]) -> str:
    """Hex digest that is equal exactly for equal columns in equal order."""
    text = json.dumps([[column.name, column.source, str(column.type)] for column in columns])
    return sha256(text.encode()).hexdigest()
