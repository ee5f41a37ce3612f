"""Every logical type, and values of each."""

from datetime import date
from decimal import Context, Decimal
from typing import Any

from hypothesis import strategies as st

from lakeshot.columns.types import NULL, PINNABLE, ColumnType, Scalar, array_of, decimal

DECIMALS = st.integers(1, 38).flatmap(lambda p: st.integers(0, p).map(lambda s: decimal(p, s)))
TYPES = st.sampled_from((NULL, *PINNABLE)) | DECIMALS | DECIMALS.map(array_of)
"""Decimals of any digits among them."""
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=5)
MOMENTS = st.datetimes().map(
    lambda moment: moment.isoformat(" ").rstrip("0") if moment.microsecond else moment.isoformat(" ")
)
"""As PostgreSQL prints them: no zeros at the end of a fraction."""
_EXACT = Context(prec=38)
_SCALARS: dict[Scalar, st.SearchStrategy[Any]] = {
    Scalar.NULL: st.none(),
    Scalar.BIGINT: st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0, 10, 100]),
    Scalar.NUMBER_TEXT: st.sampled_from(
        ["0", "-7", "1.5", "1E-130", "9.9E+125", "1" * 38, "007", ".5", "NaN"]
    ),
    Scalar.DOUBLE: st.floats() | st.sampled_from([-0.0, 1e20, 1e-7, 5e-324, 0.1, 1e7, 1e-3]),
    Scalar.REAL: st.floats(width=32),
    Scalar.STRING: st.sampled_from(["", '"', "\\", "\n\x01", "null", "1"]) | TEXT,
    Scalar.BOOLEAN: st.booleans(),
    Scalar.BINARY: st.binary(max_size=5),
    Scalar.DATE: st.dates() | st.sampled_from([date.min, date.max, date(1582, 10, 10)]),
    Scalar.DATE_TEXT: st.sampled_from(["infinity", "0044-03-15 BC", "10000-01-01", "2026-11-22"]),
    Scalar.TIMESTAMP: MOMENTS | st.sampled_from(["0001-01-01 00:00:00", "2026-11-22 10:00:00.5"]),
    Scalar.TIMESTAMP_TEXT: MOMENTS | st.sampled_from(["-infinity", "0044-03-15 12:00:00 BC"]),
    Scalar.JSON: st.sampled_from(['"a"', "1.50", '{"b":1,"a":[]}']),
}


def value_of(kind: ColumnType) -> st.SearchStrategy[Any]:
    """One value of a type."""
    if kind.is_array:
        return st.lists(value_of(kind.element), max_size=3)
    return _decimals(kind) if kind.scalar is Scalar.DECIMAL else _SCALARS[kind.scalar]


def _decimals(kind: ColumnType) -> st.SearchStrategy[Decimal]:
    most = 10**kind.precision - 1
    some = st.sampled_from([0, 1, -1, most, -most, 10 ** (kind.precision - 1)])
    return (some | st.integers(-most, most)).map(lambda digits: Decimal(digits).scaleb(-kind.scale, _EXACT))
