"""What counts as a number of DynamoDB's, wherever it stands."""

import json
from decimal import Decimal, InvalidOperation

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.types import BIGINT, DECIMAL, NUMBER_TEXT, array_of
from lakeshot.dynamodb.columns import typed
from lakeshot.dynamodb.numbers import are_json, check
from lakeshot.dynamodb.page import PageDecoder
from lakeshot.errors import SourceError
from tests.unit.dynamodb.type_table import Value, scan_response

HELD = [
    "0",
    "-0",
    "0.0",
    "007",
    ".5",
    "5.",
    "+5",
    "1E-130",
    "-1e-130",
    "0.1E-129",
    "9.9999999999999999999999999999999999999E+125",
    "-9.9999999999999999999999999999999999999e125",
    "1" + "0" * 125,
    "0" * 60 + "1",
    "0." + "0" * 129 + "1",
    "12345678901234567890123456789012345678",
    "1234567890123456789012345678901234567800",
    "0.0012345678901234567890123456789012345678",
    "0E999",
]
NOT_HELD = [
    "",
    "-",
    ".",
    "E5",
    "1E",
    "1-2",
    "1.2.3",
    "--1",
    "1 ",
    "NaN",
    "Infinity",
    "0x10",
    "1_000",
    "\u0661",
    "junk",
    "1E-131",
    "1E126",
    "10E125",
    "0.1E-130",
    "1" + "0" * 126,
    "1E99999999999",
    "123456789012345678901234567890123456789",
    "0.123456789012345678901234567890123456789",
]


def type_of(value: Value) -> object:
    """The type of the one column of an item with this value, or SourceError."""
    _, (column,) = typed([PageDecoder().decode(scan_response([{"a": value}])).items])
    return column.type


@pytest.mark.parametrize("text", HELD)
def test_what_dynamodb_holds_is_taken(text: str) -> None:
    """Also in spellings that it does not write itself."""
    check(pa.array([text]))
    assert type_of({"N": text}) in {BIGINT, DECIMAL, NUMBER_TEXT}


@pytest.mark.parametrize("text", NOT_HELD)
@pytest.mark.parametrize(
    "number", ["alone", "in a set", "in a map", "in a set in a map", "among texts", "set among texts"]
)
def test_what_dynamodb_does_not_hold_is_refused(text: str, number: str) -> None:
    """Alone or wherever else a number may be; the message says the attribute or nothing, not the value."""
    values: dict[str, list[Value]] = {
        "alone": [{"N": text}],
        "in a set": [{"NS": ["1", text]}],
        "in a map": [{"M": {"k": {"N": text}}}],
        "in a set in a map": [{"M": {"k": {"NS": ["1", text]}}}],
        "among texts": [{"N": text}, {"S": "x"}],
        "set among texts": [{"NS": [text]}, {"S": "x"}],
    }
    items = [{"a": value} for value in values[number]]
    with pytest.raises(SourceError, match="a number is none that DynamoDB holds") as refused:
        typed([PageDecoder().decode(scan_response(items)).items])
    assert f"{text!r}" not in str(refused.value)


def test_a_set_of_numbers_is_as_wide_as_its_widest() -> None:
    """A number that only text holds makes texts of all."""
    assert type_of({"NS": ["1", "1E-130"]}) == array_of(NUMBER_TEXT)


@given(
    st.from_regex(r"[+-]?[0-9]{0,42}\.?[0-9]{0,42}([eE][+-]?[0-9]{1,3})?", fullmatch=True)
    | st.text("0123456789.-+eE", max_size=8)
)
def test_it_is_as_decimal_has_it(text: str) -> None:
    """Python's own decimals, which share no code with this, agree."""
    try:
        value = Decimal(text)
        digits = "".join(map(str, value.as_tuple().digits)).strip("0")
        is_held = not value or (len(digits) <= 38 and -130 <= value.adjusted() <= 125)
    except InvalidOperation:
        is_held = False
    try:
        check(pa.array([text, "1"]))
    except ValueError:
        assert not is_held
    else:
        assert is_held


@given(st.lists(st.sampled_from(HELD) | st.integers(-(10**20), 10**20).map(str), min_size=1))
def test_json_takes_those_that_python_reads(texts: list[str]) -> None:
    """Python's ``json`` says what JSON is."""
    assert are_json(pa.array(texts)).tolist() == [_is_json(text) for text in texts]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
