"""The narrowest type of a column of numbers that the server sends as texts."""

import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns.casting import arrow_type
from lakeshot.columns.types import DECIMAL, NUMBER_TEXT, ColumnType

_WHOLE_DIGITS = 20
"""Before the point of a decimal(38,18)."""


def declared(texts: pa.StringArray, column_type: ColumnType) -> tuple[pa.Array, ColumnType]:
    """Numbers of a declared precision and scale, which only NaN does not keep to."""
    try:
        return pc.cast(texts, arrow_type(column_type)), column_type
    except pa.ArrowInvalid:
        return in_digits(texts), NUMBER_TEXT


def undeclared(texts: pa.StringArray) -> tuple[pa.Array, ColumnType]:
    """Numbers of any size and scale: decimal(38,18) if that holds all of them."""
    if (pc.max(pc.binary_length(texts)).as_py() or 0) > _WHOLE_DIGITS:
        texts = in_digits(texts)
        if _whole_digits(texts) > _WHOLE_DIGITS:
            return texts, NUMBER_TEXT  # Arrow would not notice that 340282366920938463804 is too large
    return declared(texts, DECIMAL)


def in_digits(texts: pa.StringArray) -> pa.Array:
    """Each number in the one spelling without zeros at the end of a fraction: ``1.5``, ``20``, ``NaN``."""
    trimmed = pc.utf8_rtrim(pc.utf8_rtrim(texts, characters="0"), characters=".")
    return pc.if_else(pc.match_substring(texts, "."), trimmed, texts)


def _whole_digits(texts: pa.StringArray) -> int:
    """The most digits before the point."""
    point = pc.find_substring(texts, ".")
    before = pc.if_else(pc.equal(point, -1), pc.binary_length(texts), point)
    signs = pc.cast(pc.starts_with(texts, "-"), pa.int32())
    return pc.max(pc.subtract(before, signs)).as_py() or 0
