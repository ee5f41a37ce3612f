"""Values as lossless JSON text."""

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns import json_text
from lakeshot.columns.types import BIGINT, NUMBER_TEXT, ColumnType


@given(st.lists(st.none() | st.text()))
def test_quoted_strings_are_json(strings: list[str | None]) -> None:
    """Any text is a JSON string that reads back as itself."""
    quoted = json_text.quote(pa.array(strings, pa.string())).to_pylist()
    assert [None if text is None else json.loads(text) for text in quoted] == strings


@pytest.mark.parametrize("number", ["0", "-0", "10", "-1.50", "1E-130", "9.9e+125", "0.1E5"])
def test_a_json_number_keeps_its_digits(number: str) -> None:
    """What JSON accepts as a number stands in the text as it is."""
    assert json_text.encode(pa.array([number]), NUMBER_TEXT).to_pylist() == [number]


@pytest.mark.parametrize("number", ["007", ".5", "5.", "+1", "1E", "0x1F", "nan", "1\n"])
def test_any_other_number_keeps_its_tag(number: str) -> None:
    """What JSON refuses as a number stays text under its tag."""
    (text,) = json_text.encode(pa.array([number]), NUMBER_TEXT).to_pylist()
    assert json.loads(text) == {"N": number}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_finite_number_is_a_string(number: str) -> None:
    """As PostgreSQL's to_json has it, and as floating-point values are."""
    assert json_text.encode(pa.array([number, "1"]), NUMBER_TEXT).to_pylist() == [f'"{number}"', "1"]


@pytest.mark.parametrize("given_type", [BIGINT, ColumnType.parse("array<bigint>")])
def test_digits_are_the_callers_to_spell(given_type: ColumnType) -> None:
    """Exact numbers that are not text have no JSON text of their own."""
    with pytest.raises(ValueError, match=r"no JSON text for .*bigint"):
        json_text.encode(pa.array([1]), given_type)
