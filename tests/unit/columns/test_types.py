"""Logical types: their text, and the lattice they widen along."""

import pytest
from pydantic import ValidationError

from lakeshot.columns.types import Column, ColumnType, widen

TYPES = [
    "null",
    "bigint",
    "decimal(38,18)",
    "number_text",
    "string",
    "boolean",
    "binary",
    "json",
    "array<bigint>",
    "array<decimal(38,18)>",
    "array<number_text>",
    "array<string>",
    "array<binary>",
]


@pytest.mark.parametrize("text", TYPES)
def test_a_type_is_printed_as_it_is_parsed(text: str) -> None:
    """A type's text names exactly that type."""
    assert str(ColumnType.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "varchar", "decimal(10,2)", "array<>", "array<array<string>>", "array<string"]
)
def test_a_text_that_names_no_type_is_refused(text: str) -> None:
    """An unknown type says what was given and what is allowed."""
    with pytest.raises(
        ValueError, match=r"not a column type: .*; allowed are null, bigint, decimal\(38,18\)"
    ):
        ColumnType.parse(text)


@pytest.mark.parametrize(
    ("a", "b", "widened"),
    [
        ("string", "string", "string"),
        ("null", "array<binary>", "array<binary>"),
        ("bigint", "decimal(38,18)", "decimal(38,18)"),
        ("bigint", "number_text", "number_text"),
        ("decimal(38,18)", "number_text", "number_text"),
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
    """Numbers widen along their ladder, everything else that differs to JSON; order does not matter."""
    first, second = ColumnType.parse(a), ColumnType.parse(b)
    assert (str(widen(first, second)), str(widen(second, first))) == (widened, widened)


def test_widening_does_not_depend_on_grouping() -> None:
    """Any three types widen to the same type, whichever two meet first."""
    types = [ColumnType.parse(text) for text in TYPES]
    differing = [
        (a, b, c)
        for a in types
        for b in types
        for c in types
        if widen(widen(a, b), c) != widen(a, widen(b, c))
    ]
    assert differing == []


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
