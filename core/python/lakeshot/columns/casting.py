"""Lossless widening of Arrow arrays from one logical type to another, without a loop per value."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns import json_text
from lakeshot.columns.lists import map_elements
from lakeshot.columns.types import DECIMAL, JSON, NULL, NUMBER_TEXT, ColumnType, Scalar, array_of, widen

_ARROW = {
    Scalar.BIGINT: pa.int64(),
    Scalar.DECIMAL: pa.decimal128(38, 18),
    Scalar.BOOLEAN: pa.bool_(),
    Scalar.BINARY: pa.binary(),
}
_SCALE = 18


def arrow_type(column_type: ColumnType) -> pa.DataType:
    """The type of a typed table's field; every kind of text is a string."""
    scalar = _ARROW.get(column_type.scalar, pa.string())
    return pa.list_(scalar) if column_type.is_array else scalar


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
    return _digits(array, given) if wanted == NUMBER_TEXT else pc.cast(array, arrow_type(wanted))


def _json(array: pa.Array, given: ColumnType) -> pa.Array:
    """Numbers go by their digits; everything else has a JSON text of its own."""
    if given.scalar not in (Scalar.BIGINT, Scalar.DECIMAL):
        return json_text.encode(array, given)
    if given.is_array:
        digits = map_elements(array, lambda elements: _digits(elements, given.element))
        return json_text.encode(digits, array_of(NUMBER_TEXT))
    return json_text.encode(_digits(array, given), NUMBER_TEXT)


def _digits(numbers: pa.Array, given: ColumnType) -> pa.Array:
    """Plain digits, without exponent, trailing zeros or trailing point."""
    text = pc.cast(numbers, pa.string())
    if given != DECIMAL:
        return text
    exponent = pc.match_substring(text, "E")
    if pc.any(exponent).as_py():
        text = pc.if_else(exponent, _fraction_digits(numbers), text)
    return pc.utf8_rtrim(pc.utf8_rtrim(text, characters="0"), characters=".")


def _fraction_digits(numbers: pa.Array) -> pa.Array:
    """Digits of decimals that Arrow would print with an exponent.

    They are under 1E-6, so the low 64 bits of the 128 hold the unscaled value whole.
    """
    words = np.frombuffer(numbers.buffers()[1], dtype=np.int64)
    unscaled = pa.array(words[2 * numbers.offset : 2 * (numbers.offset + len(numbers)) : 2])
    sign = pc.if_else(pc.less(unscaled, 0), "-0.", "0.")
    fraction = pc.utf8_lpad(pc.cast(pc.abs(unscaled), pa.string()), _SCALE, "0")
    return pc.binary_join_element_wise(sign, fraction, "")
