"""Columns of files and tables: what each engine calls their types, and how they grow together.

Neutral to source and engine. Types start narrow and only ever widen, losslessly.
"""

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256

import pyarrow as pa

from lakeshot.columns.casting import arrow_type, cast_array
from lakeshot.columns.names import column_names
from lakeshot.columns.types import NULL, Column, ColumnType, Scalar, widen
from lakeshot.files import FileFormat

__all__ = [
    "Column",
    "ColumnType",
    "arrow_schema",
    "arrow_type",
    "cast",
    "fingerprint",
    "hive_type",
    "trino_type",
    "unify",
    "view_expression",
    "widen",
]

_TRINO = {
    Scalar.BIGINT: "bigint",
    Scalar.DECIMAL: "decimal(38,18)",
    Scalar.BOOLEAN: "boolean",
    Scalar.BINARY: "varbinary",
}
_HIVE = {
    Scalar.BIGINT: "bigint",
    Scalar.DECIMAL: "decimal(38,18)",
    Scalar.BOOLEAN: "boolean",
    Scalar.BINARY: "binary",
}
_TEXT_IN_JSON_LINES = {
    Scalar.DECIMAL: "CAST({} AS decimal(38,18))",
    Scalar.BINARY: "from_base64({})",
}
"""Scalars that JSON lines hold as text, and the Trino expression that makes values of them."""


def hive_type(column_type: ColumnType, file_format: FileFormat) -> str:
    """The type as the Glue catalog names it for files of the format."""

    def name(scalar: Scalar) -> str:
        if file_format is FileFormat.JSON and scalar in _TEXT_IN_JSON_LINES:
            return "string"
        return _HIVE.get(scalar, "string")

    return column_type.apply(name)


def trino_type(column_type: ColumnType) -> str:
    """The type as Athena shows it in the view, whatever the files' format."""
    return column_type.apply(lambda scalar: _TRINO.get(scalar, "varchar"), template="array({})")


def view_expression(column: Column, file_format: FileFormat) -> str:
    """Trino SQL that turns the physical column into its logical type; carries no alias.

    It states the type also where the table has it, so that the view keeps its types whatever a crawler
    makes of the table's.
    """
    name = '"' + column.name.replace('"', '""') + '"'
    conversion = _TEXT_IN_JSON_LINES.get(column.type.scalar) if file_format is FileFormat.JSON else None
    if conversion is None:
        return f"CAST({name} AS {trino_type(column.type)})"
    if column.type.is_array:
        return f"transform({name}, element -> {conversion.format('element')})"
    return conversion.format(name)


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """The Arrow schema of a typed table with these columns."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in columns])


def unify(
    schemas: Iterable[Sequence[Column]], first: Sequence[str] = (), published: Sequence[Column] = ()
) -> tuple[Column, ...]:
    """The columns that hold the rows of all schemas, matched by source attribute.

    Attributes of ``published`` columns keep their names; all others are named anew by the naming rule
    over all attributes. Sorted by source attribute, the attributes of ``first``, such as a table's
    keys, before all others.
    """
    types: dict[str, ColumnType] = {}
    for columns in schemas:
        for column in columns:
            known = types.get(column.source, NULL)
            types[column.source] = known if known is column.type else widen(known, column.type)
    names = column_names(types, {column.source: column.name for column in published})
    rest = sorted(types.keys() - set(first))
    return tuple(
        Column(name=names[source], source=source, type=types[source])
        for source in [*(source for source in first if source in types), *rest]
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
