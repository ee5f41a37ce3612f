"""What each column of a table is read as: its logical type, its SQL, and how its texts are decoded."""

from collections.abc import Sequence
from enum import StrEnum

from lakeshot.columns.names import column_names
from lakeshot.columns.types import (
    BIGINT,
    BINARY,
    BOOLEAN,
    DATE,
    DECIMAL,
    DOUBLE,
    JSON,
    MOST_DIGITS,
    NUMBER_TEXT,
    REAL,
    STRING,
    TIMESTAMP,
    Column,
    TypeField,
    decimal,
)
from lakeshot.errors import SourceError
from lakeshot.lake.sql import identifier
from lakeshot.model import Model
from lakeshot.postgres.nested_json import is_array, is_composite, nested_json
from lakeshot.postgres.table_facts import TableColumn


class Decoding(StrEnum):
    """How a column's values are made of the texts that the server sends."""

    AS_IS = "as_is"
    """Texts are values, or are read by Arrow's own rule for the type."""
    DATE = "date"
    DECIMAL = "decimal"
    """Numbers with a declared scale, which the server holds all values to, save NaN."""
    NUMERIC = "numeric"
    """Numbers of any size."""
    TIMESTAMP = "timestamp"
    TIMESTAMP_IN_UTC = "timestamp_in_utc"
    """Followed by +00."""
    HEX = "hex"
    """Bytes after ``\\x``."""


class ReadColumn(Model):
    """A column of the source: what it becomes, and what COPY selects for it.

    Its type is the one it has unless values are met that need a wider one.
    """

    column: Column
    expression: str
    decoding: Decoding = Decoding.AS_IS


class _Reading(Model):
    type: TypeField = STRING
    decoding: Decoding = Decoding.AS_IS
    expression: str = "{}"


_NUMERIC = _Reading(type=DECIMAL, decoding=Decoding.NUMERIC)
_TEXTS = _Reading()
_KNOWN = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), _Reading(type=BIGINT)),
    "numeric": _NUMERIC,
    "money": _NUMERIC.model_copy(update={"expression": "{}::pg_catalog.numeric"}),
    "float4": _Reading(type=REAL),
    "float8": _Reading(type=DOUBLE),
    "bool": _Reading(type=BOOLEAN),
    "date": _Reading(type=DATE, decoding=Decoding.DATE),
    "timestamp": _Reading(type=TIMESTAMP, decoding=Decoding.TIMESTAMP),
    "timestamptz": _Reading(type=TIMESTAMP, decoding=Decoding.TIMESTAMP_IN_UTC),
    "bytea": _Reading(type=BINARY, decoding=Decoding.HEX),
    "json": _Reading(type=JSON),
    "jsonb": _Reading(type=JSON),
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char", "xml", "jsonpath"), _TEXTS),
    **dict.fromkeys(("uuid", "inet", "cidr", "macaddr", "macaddr8", "bit", "varbit"), _TEXTS),
    **dict.fromkeys(("time", "timetz", "interval"), _TEXTS),
    **dict.fromkeys(("point", "line", "lseg", "box", "path", "polygon", "circle"), _TEXTS),
    **dict.fromkeys(("tsvector", "tsquery", "int2vector", "oidvector"), _TEXTS),
    **dict.fromkeys(("pg_lsn", "tid", "xid", "xid8", "cid", "pg_snapshot", "txid_snapshot"), _TEXTS),
    **dict.fromkeys(("refcursor", "aclitem"), _TEXTS),
    **dict.fromkeys(
        (
            *("regclass", "regcollation", "regconfig", "regdictionary", "regnamespace", "regoper"),
            *("regoperator", "regproc", "regprocedure", "regrole", "regtype", "regdatabase"),
        ),
        _TEXTS,
    ),
}
"""The types of ``pg_catalog`` that are no enum, range, array or composite."""
_OURS = "pg_catalog"
_PRINTED = ("e", "r", "m")
"""By ``typtype``: enums, ranges and multiranges are texts, whoever made them."""
_MODIFIER_OFFSET, _SCALE_BITS, _SCALE_SIGN = 4, 0x7FF, 0x400


def read_columns(columns: Sequence[TableColumn]) -> tuple[ReadColumn, ...]:
    """How each of the columns is read, in their order.

    Columns are named by the one rule for all sources. SourceError if there is none, because rows without
    a column cannot be held.
    """
    if not columns:
        raise SourceError("the table has no columns, so there is nothing to export; give one that has")
    names = column_names(column.name for column in columns)
    return tuple(_read(column, names[column.name]) for column in columns)


def untyped(columns: Sequence[TableColumn]) -> tuple[TableColumn, ...]:
    """Those of a type that nobody has met, such as an extension's, or that hold one within.

    They are read as the text that the server prints.
    """
    return tuple(column for column in columns if _reading(column) is None)


def _read(column: TableColumn, name: str) -> ReadColumn:
    reading = _reading(column) or _TEXTS
    return ReadColumn(
        column=Column(name=name, source=column.name, type=reading.type),
        expression=reading.expression.format(identifier(column.name)),
        decoding=reading.decoding,
    )


def _reading(column: TableColumn) -> _Reading | None:
    if column.type_kind in _PRINTED:
        return _TEXTS
    known = _KNOWN.get(column.base_type) if column.type_schema == _OURS else None
    if known is None and (is_array(column) or is_composite(column)):
        expression = nested_json(column, _KNOWN)
        return None if expression is None else _Reading(type=JSON, expression=expression)
    if known == _NUMERIC and column.modifier >= _MODIFIER_OFFSET:
        return _declared(column.modifier)
    return known


def _declared(modifier: int) -> _Reading:
    """A numeric with a precision and a scale, which since PostgreSQL 15 may be negative or beyond that."""
    precision, scale = _precision(modifier)
    if precision > MOST_DIGITS:
        return _Reading(type=NUMBER_TEXT, decoding=Decoding.NUMERIC)
    if 0 <= scale <= precision:
        return _Reading(type=decimal(precision, scale), decoding=Decoding.DECIMAL)
    return _NUMERIC


def _precision(modifier: int) -> tuple[int, int]:
    """Digits, and those of them behind the point, of a numeric's ``atttypmod`` (PostgreSQL, numeric.c)."""
    packed = modifier - _MODIFIER_OFFSET
    return packed >> 16 & 0xFFFF, (packed & _SCALE_BITS ^ _SCALE_SIGN) - _SCALE_SIGN
