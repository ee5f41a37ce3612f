"""Columns travel as few bytes, equal ones as equal bytes, and are decoded once."""

from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.packed import pack, unpack
from lakeshot.columns.types import BIGINT, STRING, Column
from tests.unit.columns.any_type import TYPES

COLUMN = st.builds(Column, name=st.text(), source=st.text(), type=TYPES)


@given(st.lists(COLUMN))
def test_what_is_packed_is_unpacked(columns: list[Column]) -> None:
    """Any names and all types survive, in their order; equal columns are equal bytes."""
    packed = pack(tuple(columns))
    assert unpack(packed) == tuple(columns)
    assert pack(tuple(column.model_copy() for column in columns)) == packed


def test_a_column_is_one_object_in_all_schemas_that_have_it() -> None:
    """Thousands of files of different columns hold most columns in common."""
    first, second = (Column(name=name, source=name, type=BIGINT) for name in "ab")
    assert unpack(pack((first, second)))[1] is unpack(pack((second,)))[0]


def test_many_columns_are_few_bytes() -> None:
    """1,600 columns are a few kilobytes."""
    columns = tuple(
        Column(name=f"attribute_{n}", source=f"Attribute{n}", type=STRING if n % 3 else BIGINT)
        for n in range(1_600)
    )
    assert len(pack(columns)) < 12_000
