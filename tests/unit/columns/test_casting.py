"""Any value of any type survives every widening, also step by step."""

import json
from base64 import b64decode
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.casting import arrow_type, cast_array
from lakeshot.columns.types import JSON, ColumnType, Scalar, widen
from tests.unit.columns.any_type import TYPES, value_of


@given(st.data())
def test_values_widen_without_loss(data: st.DataObject) -> None:
    """To any type that widens theirs, directly and by way of one between the two."""
    narrow = data.draw(TYPES)
    between = widen(narrow, data.draw(TYPES))
    wide = widen(between, data.draw(TYPES))
    values = data.draw(st.lists(st.none() | value_of(narrow), min_size=1, max_size=5))
    array = pa.array(values, arrow_type(narrow))
    expected = [None if value is None else meaning(value, narrow) for value in values]
    assert told_by(cast_array(array, narrow, wide), wide, narrow) == expected
    if between != JSON:
        by_way = cast_array(cast_array(array, narrow, between), between, wide)
        assert told_by(by_way, wide, narrow) == expected


def told_by(array: pa.Array, kind: ColumnType, before: ColumnType) -> list[object]:
    """What values say that were of another type before."""
    return [
        None if value is None else meaning(original(value, before) if kind == JSON else value, before)
        for value in array.to_pylist()
    ]


def original(text: str, before: ColumnType) -> object:
    """The value that JSON text tells of."""
    if before == JSON:
        return text
    document = json.loads(text, parse_int=str, parse_float=str)
    if isinstance(document, dict):
        ((tag, document),) = document.items()
        if tag in {"B", "BS"}:
            return b64decode(document) if tag == "B" else [b64decode(one) for one in document]
    return document


def meaning(value: object, kind: ColumnType) -> object:
    """The same for all values of one type, or of wider ones, that mean the same."""
    if isinstance(value, list):
        return [meaning(one, kind.element) for one in value]
    match kind.scalar:
        case Scalar.BIGINT | Scalar.DECIMAL | Scalar.NUMBER_TEXT:
            number = Decimal(str(value))
            return number if number.is_finite() else str(number)
        case Scalar.DOUBLE:
            return float(str(value)).hex()
        case Scalar.REAL:
            return np.float32(str(value)).item().hex()
    return str(value)


def test_what_does_not_widen_is_refused() -> None:
    """The message says which type would hold both."""
    with pytest.raises(ValueError, match=r"cannot cast double to real without loss; widen to double"):
        cast_array(pa.array([0.1]), ColumnType.parse("double"), ColumnType.parse("real"))
