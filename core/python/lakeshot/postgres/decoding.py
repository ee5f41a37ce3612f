"""From the texts of one column of one block to its values, in the narrowest type that holds them."""

from collections.abc import Callable
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns.casting import arrow_type
from lakeshot.columns.types import DATE_TEXT, NUMBER_TEXT, ColumnType
from lakeshot.postgres import bytea, escapes, numerics, timestamps
from lakeshot.postgres.column_types import Decoding, ReadColumn

HOPEFUL = (Decoding.DATE, Decoding.DECIMAL)
"""Nearly all of whose values Arrow reads as they are to be."""
_FIRST_DAY = date(1582, 10, 15)
"""Of the calendar of today. Hive's readers of ORC and of text shift earlier days, and Spark refuses Parquet
that has them."""


def parsed_as(read: ReadColumn, *, hopeful: bool) -> pa.DataType:
    """What a column is parsed as."""
    if read.decoding is Decoding.AS_IS or (hopeful and read.decoding in HOPEFUL):
        return arrow_type(read.column.type)
    return pa.string()


def is_decoded(read: ReadColumn) -> bool:
    """Whether what is parsed may not be the values yet."""
    return bool(pa.types.is_string(parsed_as(read, hopeful=False)))


def decoded(values: pa.Array, read: ReadColumn) -> tuple[pa.Array, ColumnType]:
    """A column's values, and their type, which is the column's own or wider."""
    own = read.column.type
    if pa.types.is_date(values.type) and _is_any_early(values):
        return pc.cast(values, pa.string()), DATE_TEXT
    if not pa.types.is_string(values.type):
        return values, own
    return _DECODERS[read.decoding](values, own)


def _dates(texts: pa.StringArray, own: ColumnType) -> tuple[pa.Array, ColumnType]:
    try:
        days = pc.cast(texts, arrow_type(own))
    except pa.ArrowInvalid:
        return texts, DATE_TEXT  # infinity, a day before Christ, or one after the year 9999
    return (texts, DATE_TEXT) if _is_any_early(days) else (days, own)


def _is_any_early(days: pa.Date32Array) -> bool:
    first = pc.min(days).as_py()
    return first is not None and first < _FIRST_DAY


def _numbers(texts: pa.StringArray, own: ColumnType) -> tuple[pa.Array, ColumnType]:
    return (numerics.in_digits(texts), own) if own == NUMBER_TEXT else numerics.undeclared(texts)


_DECODERS: dict[Decoding, Callable[[pa.StringArray, ColumnType], tuple[pa.Array, ColumnType]]] = {
    Decoding.AS_IS: lambda texts, own: (escapes.undone(texts), own),
    Decoding.DATE: _dates,
    Decoding.DECIMAL: numerics.declared,
    Decoding.NUMERIC: _numbers,
    Decoding.TIMESTAMP: lambda texts, _: timestamps.classified(texts),
    Decoding.TIMESTAMP_IN_UTC: lambda texts, _: timestamps.without_zone(texts),
    Decoding.HEX: lambda texts, own: (bytea.decode(texts), own),
}
