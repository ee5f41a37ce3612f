"""Logical types: their text, and the lattice they widen along."""

import re

import pytest
from hypothesis import given
from pydantic import ValidationError

from lakeshot.columns.types import (
    DECIMAL,
    DECIMAL_PATTERN,
    JSON,
    NULL,
    Column,
    ColumnType,
    Scalar,
    array_of,
    decimal,
    is_pinnable,
    widen,
)
from tests.unit.columns.any_type import DECIMALS
from tests.unit.columns.any_type import TYPES as ANY

TYPES = [
    "null",
    "bigint",
    "decimal(38,18)",
    "decimal(1,0)",
    "decimal(38,38)",
    "number_text",
    "double",
    "real",
    "string",
    "boolean",
    "binary",
    "date",
    "date_text",
    "timestamp(6)",
    "timestamp_text",
    "json",
    "array<bigint>",
    "array<decimal(38,18)>",
    "array<decimal(10,2)>",
    "array<number_text>",
    "array<string>",
    "array<binary>",
]


@pytest.mark.parametrize("text", TYPES)
def test_a_type_is_printed_as_it_is_parsed(text: str) -> None:
    """A type's text names exactly that type."""
    assert str(ColumnType.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "varchar",
        "decimal(p,s)",
        "decimal(10)",
        "decimal(10, 2)",
        "decimal(0,0)",
        "decimal(39,0)",
        "decimal(5,6)",
        "decimal(05,2)",
        "timestamp(3)",
        "array<>",
        "array<array<string>>",
        "array<string",
    ],
)
def test_a_text_that_names_no_type_is_refused(text: str) -> None:
    """An unknown type says what was given and what is allowed."""
    with pytest.raises(
        ValueError,
        match=r"not a column type: .*; allowed are null, bigint, decimal\(p,s\), .* with p up to 38 and s up "
        "to p, and array<…> of them",
    ):
        ColumnType.parse(text)


def test_a_decimal_has_digits_and_nothing_else_has() -> None:
    """One that no engine has is refused as soon as it is made."""
    assert decimal(38, 18) == DECIMAL
    assert array_of(decimal(10, 2)).element == decimal(10, 2)
    for precision, scale in ((0, 0), (39, 0), (5, 6), (5, -1)):
        with pytest.raises(ValueError, match=f"no decimal has {precision} digits, {scale} of them behind"):
            decimal(precision, scale)
    with pytest.raises(ValueError, match="double has no digits to choose"):
        ColumnType(Scalar.DOUBLE, precision=10)


@given(DECIMALS)
def test_decimals_of_all_digits_are_parsed_and_pinned(kind: ColumnType) -> None:
    """And arrays of them; editors know their texts by a pattern."""
    for one in (kind, array_of(kind)):
        assert ColumnType.parse(str(one)) == one
        assert is_pinnable(one)
        assert re.search(DECIMAL_PATTERN, str(one))


@pytest.mark.parametrize(
    "text", ["decimal(39,0)", "decimal(0,0)", "decimal(5,40)", "array<decimal(5,2)", "xdecimal(1,0)"]
)
def test_the_pattern_takes_no_other_texts(text: str) -> None:
    """Those that have no such type, but for a scale above the precision."""
    assert not re.search(DECIMAL_PATTERN, text)


@pytest.mark.parametrize(
    ("a", "b", "widened"),
    [
        ("string", "string", "string"),
        ("null", "array<binary>", "array<binary>"),
        ("bigint", "decimal(38,18)", "decimal(38,18)"),
        ("bigint", "number_text", "number_text"),
        ("decimal(38,18)", "number_text", "number_text"),
        ("bigint", "decimal(5,2)", "decimal(21,2)"),
        ("bigint", "decimal(25,2)", "decimal(25,2)"),
        ("bigint", "decimal(38,19)", "decimal(38,19)"),
        ("bigint", "decimal(38,20)", "number_text"),
        ("decimal(10,2)", "decimal(12,2)", "decimal(12,2)"),
        ("decimal(10,2)", "decimal(10,4)", "decimal(12,4)"),
        ("decimal(38,0)", "decimal(2,1)", "number_text"),
        ("decimal(38,38)", "number_text", "number_text"),
        ("real", "double", "double"),
        ("double", "bigint", "json"),
        ("double", "decimal(10,2)", "json"),
        ("real", "number_text", "json"),
        ("date", "date_text", "date_text"),
        ("date", "timestamp(6)", "json"),
        ("date_text", "string", "json"),
        ("timestamp(6)", "timestamp_text", "timestamp_text"),
        ("timestamp_text", "date_text", "json"),
        ("array<bigint>", "array<decimal(10,2)>", "array<decimal(21,2)>"),
        ("array<bigint>", "array<decimal(38,18)>", "array<decimal(38,18)>"),
        ("array<bigint>", "array<number_text>", "array<number_text>"),
        ("bigint", "string", "json"),
        ("bigint", "array<bigint>", "json"),
        ("string", "number_text", "json"),
        ("array<string>", "array<number_text>", "json"),
        ("binary", "string", "json"),
        ("json", "boolean", "json"),
        ("json", "null", "json"),
    ],
)
def test_types_widen_to_what_holds_both(a: str, b: str, widened: str) -> None:
    """Numbers along their ladders, days and moments to text, everything else that differs to JSON."""
    first, second = ColumnType.parse(a), ColumnType.parse(b)
    assert (str(widen(first, second)), str(widen(second, first))) == (widened, widened)


@given(ANY, ANY, ANY)
def test_the_order_in_which_types_meet_does_not_matter(a: ColumnType, b: ColumnType, c: ColumnType) -> None:
    """Whichever two meet first, and however often one does."""
    assert widen(a, b) == widen(b, a)
    assert widen(widen(a, b), c) == widen(a, widen(b, c))
    assert widen(a, a) == a
    assert widen(a, widen(a, b)) == widen(a, b)
    assert (widen(a, NULL), widen(a, JSON)) == (a, JSON)


def test_a_column_is_the_same_after_json() -> None:
    """A column crosses a boundary as JSON, its type as text."""
    column = Column(name="scores", source="Scores", type=ColumnType.parse("array<bigint>"))
    text = '{"name":"scores","source":"Scores","type":"array<bigint>"}'
    assert column.model_dump_json() == text
    assert Column.model_validate_json(text) == column


def test_a_column_of_an_unknown_type_is_refused() -> None:
    """A manifest that names no known type is refused by name."""
    with pytest.raises(ValidationError, match="not a column type: 'varchar'"):
        Column.model_validate({"name": "a", "source": "a", "type": "varchar"})
