"""Lossless widening of Arrow arrays from one logical type to another, without a loop per value."""

import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns import json_text
from lakeshot.columns.lists import map_elements
from lakeshot.columns.plain_text import plain_text
from lakeshot.columns.types import JSON, NULL, NUMBER_TEXT, ColumnType, Scalar, array_of, widen

_ARROW = {
    Scalar.BIGINT: pa.int64(),
    Scalar.DOUBLE: pa.float64(),
    Scalar.REAL: pa.float32(),
    Scalar.BOOLEAN: pa.bool_(),
    Scalar.BINARY: pa.binary(),
    Scalar.DATE: pa.date32(),
}


def arrow_type(column_type: ColumnType) -> pa.DataType:
    """The type of a typed table's field; every kind of text is a string, and so is a timestamp."""
    if column_type.is_array:
        return pa.list_(arrow_type(column_type.element))
    if column_type.scalar is Scalar.DECIMAL:
        return pa.decimal128(column_type.precision, column_type.scale)
    return _ARROW.get(column_type.scalar, pa.string())


def cast_array(values: pa.ChunkedArray | pa.Array, given: ColumnType, wanted: ColumnType) -> pa.Array:
    """The values in a wider type; ``ValueError`` if it is not wider."""
    if widen(given, wanted) != wanted:
        raise ValueError(f"cannot cast {given} to {wanted} without loss; widen to {widen(given, wanted)}")
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if given == wanted:
        return array
    if given == NULL:
        return pa.nulls(len(array), arrow_type(wanted))
    if wanted == JSON:
        return _json(array, given)
    if given.is_array:
        return map_elements(array, lambda elements: cast_array(elements, given.element, wanted.element))
    return pc.cast(array if _is_number(wanted) else plain_text(array, given), arrow_type(wanted))


def _is_number(kind: ColumnType) -> bool:
    return kind.scalar in (Scalar.DECIMAL, Scalar.DOUBLE)


def _json(array: pa.Array, given: ColumnType) -> pa.Array:
    """Exact numbers go by their digits; everything else has a JSON text of its own."""
    if given.scalar not in (Scalar.BIGINT, Scalar.DECIMAL):
        return json_text.encode(array, given)
    if given.is_array:
        digits = map_elements(array, lambda elements: plain_text(elements, given.element))
        return json_text.encode(digits, array_of(NUMBER_TEXT))
    return json_text.encode(plain_text(array, given), NUMBER_TEXT)
