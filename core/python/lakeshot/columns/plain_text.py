"""Values as the plain text that Trino's CAST and Arrow's readers take for the same values again.

Vectorised: no loop per value. Formats that have nothing but text for a type hold it like this.
"""

import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns import base64_text
from lakeshot.columns.types import ColumnType, Scalar

NOT_FINITE = ("NaN", "Infinity", "-Infinity")
"""What is no number, or none that ends, as Java and PostgreSQL spell it; Arrow reads it, too."""
_ARROW_SPELLS = ("nan", "inf", "-inf")
_BY_ARROW = (Scalar.BIGINT, Scalar.BOOLEAN, Scalar.DATE)
_MOST_DIGITS = pa.decimal128(38, 0)


def plain_text(values: pa.Array, kind: ColumnType) -> pa.Array:
    """The text of each value of a scalar type; nulls stay null, texts stay as they are.

    Exact numbers are plain digits, without exponent, trailing zeros or trailing point; floating-point ones
    the fewest digits that are read as the same number; bytes are base64.
    """
    match kind.scalar:
        case Scalar.DECIMAL:
            return _digits(values, kind.scale)
        case Scalar.DOUBLE | Scalar.REAL:
            return _float_text(values)
        case Scalar.BINARY:
            return base64_text.encode(values)
        case scalar:
            return pc.cast(values, pa.string()) if scalar in _BY_ARROW else values


def from_plain_text(texts: pa.Array, kind: ColumnType, arrow: pa.DataType) -> pa.Array:
    """The values that ``plain_text`` made the texts of, in their Arrow type.

    ValueError, of which Arrow's errors are some, where a text is none of those.
    """
    return base64_text.decode(texts) if kind.scalar is Scalar.BINARY else pc.cast(texts, arrow)


def _digits(numbers: pa.Array, scale: int) -> pa.Array:
    text = pc.cast(numbers, pa.string())
    if not scale:
        return text
    exponent = pc.match_substring(text, "E")
    if pc.any(exponent).as_py():
        text = pc.if_else(exponent, _digits_of_small(numbers, scale), text)
    return pc.utf8_rtrim(pc.utf8_rtrim(text, characters="0"), characters=".")


def _digits_of_small(numbers: pa.Array, scale: int) -> pa.Array:
    """Digits of decimals that Arrow would print with an exponent; those under 1E-6, and zero."""
    unscaled = pc.cast(numbers.view(_MOST_DIGITS), pa.string())
    sign = pc.if_else(pc.starts_with(unscaled, "-"), "-0.", "0.")
    fraction = pc.utf8_lpad(pc.utf8_ltrim(unscaled, characters="-"), scale, "0")
    return pc.binary_join_element_wise(sign, fraction, "")


def _float_text(numbers: pa.Array) -> pa.Array:
    text = pc.cast(numbers, pa.string())
    if pc.all(pc.is_finite(numbers)).as_py() is not False:
        return text
    for spelled, ours in zip(_ARROW_SPELLS, NOT_FINITE, strict=True):
        text = pc.if_else(pc.equal(text, spelled), ours, text)
    return text
