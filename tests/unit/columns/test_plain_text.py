"""Plain text of values is what Trino's CAST and Arrow read as the same values again."""

import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.casting import arrow_type
from lakeshot.columns.plain_text import from_plain_text, plain_text
from lakeshot.columns.types import DOUBLE, REAL, ColumnType
from tests.unit.columns.any_type import TYPES, value_of

SCALARS = TYPES.filter(lambda kind: not kind.is_array)


@given(st.data())
def test_what_is_spelled_is_read(data: st.DataObject) -> None:
    """Values of every type, nulls among them, also in a slice."""
    kind = data.draw(SCALARS)
    values = data.draw(st.lists(st.none() | value_of(kind), min_size=2, max_size=6))
    array = pa.array(values, arrow_type(kind)).slice(1)
    texts = plain_text(array, kind)
    assert texts.type == pa.string()
    assert bits(from_plain_text(texts, kind, array.type)) == bits(array)


def bits(array: pa.Array) -> list[object]:
    return [value.hex() if isinstance(value, float) else value for value in array.to_pylist()]


@pytest.mark.parametrize("kind", [DOUBLE, REAL])
def test_floating_point_values_are_spelled_as_java_and_postgresql_do(kind: ColumnType) -> None:
    """As few digits as tell the value; what is no number by its name."""
    values = pa.array([0.1, -0.0, 1e20, 100.0, math.nan, math.inf, -math.inf, None])
    assert plain_text(values.cast(arrow_type(kind), safe=False), kind).to_pylist() == [
        "0.1",
        "-0",
        "1e+20",
        "100",
        "NaN",
        "Infinity",
        "-Infinity",
        None,
    ]


@given(st.integers(1, 38), st.data())
def test_decimals_are_plain_digits(scale: int, data: st.DataObject) -> None:
    """No exponent, no zeros or point at the end, whatever the digits."""
    kind = ColumnType.parse(f"decimal(38,{scale})")
    values = data.draw(st.lists(value_of(kind), min_size=1, max_size=5))
    for text in plain_text(pa.array(values, arrow_type(kind)), kind).to_pylist():
        whole, point, fraction = text.partition(".")
        assert whole.removeprefix("-").isdigit()
        assert not point or (fraction.isdigit() and not fraction.endswith("0"))
