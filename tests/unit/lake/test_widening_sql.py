"""SQL widens values as Arrow does, so a view shows older files as if they had been written with its types."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakeshot.columns.casting import arrow_type, cast_array
from lakeshot.columns.schema import hive_type, view_expression
from lakeshot.columns.types import JSON, NULL, NUMBER_TEXT, PINNABLE, TIMESTAMP, Column, ColumnType, widen
from lakeshot.files import FileFormat
from lakeshot.lake.widening_sql import widened
from local.athena.result import result_of
from tests.unit.columns.any_type import value_of
from tests.unit.local.lake_in_memory import Lake

Values = list[Any]
TYPES = (NULL, *PINNABLE, *map(ColumnType.parse, ("decimal(10,2)", "decimal(38,38)", "decimal(20,0)")))
WIDENINGS = [(a, b) for a in TYPES for b in TYPES if widen(a, b) == b]


def values_of(kind: ColumnType) -> st.SearchStrategy[Values]:
    """Some values of a type, nulls among them."""
    return st.lists(st.none() | value_of(kind), min_size=1, max_size=20)


def by_sql(values: Values, given_type: ColumnType, wanted: ColumnType) -> Values:
    """The texts that Athena prints of the values in the wider type."""
    lake = Lake()
    lake.declare("t", {"n": "bigint", "v": hive_type(given_type, FileFormat.PARQUET)})
    column = pa.array(values, arrow_type(given_type))
    lake.store.put_parquet("t/a.parquet", pa.table({"n": range(len(values)), "v": column}))
    value = view_expression(Column(name="v", source="v", type=given_type), FileFormat.PARQUET)
    sql = f"SELECT {widened(value, given_type, wanted)} FROM t ORDER BY n"
    return [text for (text,) in lake.rows(sql)]


def by_arrow(values: Values, given_type: ColumnType, wanted: ColumnType) -> Values:
    """The texts that Athena prints of what Arrow makes of them."""
    cast = cast_array(pa.array(values, arrow_type(given_type)), given_type, wanted)
    if wanted == TIMESTAMP:
        cast = cast.cast(pa.timestamp("us"))  # what the view makes of its text
    return [text for (text,) in result_of(pa.table({"v": cast})).rows]


@pytest.mark.parametrize(("narrow", "wide"), WIDENINGS, ids=str)
@settings(max_examples=10)
@given(data=st.data())
def test_sql_widens_as_arrow_does(narrow: ColumnType, wide: ColumnType, data: st.DataObject) -> None:
    """Every value of every type that widens, in every type that it widens to; JSON may escape otherwise."""
    values = data.draw(values_of(narrow))
    found, expected = by_sql(values, narrow, wide), by_arrow(values, narrow, wide)
    same: Callable[[Any], Any] = (lambda text: text and _exact(text)) if wide == JSON else lambda text: text
    assert [same(text) for text in found] == [same(text) for text in expected]


def _exact(text: str) -> object:
    """JSON with its numbers' digits, which are no text."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [("bigint", "boolean"), ("json", "string"), ("array<string>", "string"), ("number_text", "bigint")],
)
def test_what_does_not_widen_is_a_mistake_of_the_caller(narrow: str, wide: str) -> None:
    """Nothing is lost in silence."""
    with pytest.raises(ValueError, match=rf"cannot cast {narrow} to {wide} without loss"):
        widened("v", ColumnType.parse(narrow), ColumnType.parse(wide))


@pytest.mark.parametrize("text", ["array<boolean>", "array<null>"])
def test_an_array_without_json_text_is_a_mistake_of_the_caller(text: str) -> None:
    """As it is in Arrow."""
    with pytest.raises(ValueError, match=f"no JSON text for {text}"):
        widened("v", ColumnType.parse(text), JSON)


def test_a_decimal_keeps_no_zeros_behind_its_last_digit() -> None:
    """The text of a number does not tell in which type it was before."""
    values = [Decimal("10"), Decimal("1.50"), Decimal("-0.000000000000000001"), Decimal(0)]
    assert by_sql(values, ColumnType.parse("decimal(38,18)"), NUMBER_TEXT) == [
        "10",
        "1.5",
        "-0.000000000000000001",
        "0",
    ]
