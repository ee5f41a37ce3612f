"""Pinned types replace what was published and are never widened by what is met."""

import pytest
from hypothesis import given

from lakeshot.columns.pins import held_to_pins, starting_columns
from lakeshot.columns.types import (
    BIGINT,
    DECIMAL,
    JSON,
    NULL,
    NUMBER_TEXT,
    STRING,
    Column,
    ColumnType,
    is_pinnable,
    widen,
)
from lakeshot.errors import PinnedTypeError
from tests.unit.columns.any_type import TYPES


def column(source: str, kind: ColumnType) -> Column:
    return Column(name=source.lower(), source=source, type=kind)


@pytest.mark.parametrize("published", [NULL, BIGINT, DECIMAL, JSON])
def test_a_pin_replaces_the_published_type(published: ColumnType) -> None:
    """Also where that one is wider; all other columns stay as they are."""
    known = [column("Price", published), column("Stars", BIGINT)]
    assert starting_columns(known, {"Price": DECIMAL}) == (column("Price", DECIMAL), column("Stars", BIGINT))


def test_a_pin_makes_no_column() -> None:
    """An attribute that nobody has met is no column yet; case counts."""
    assert starting_columns([column("Price", BIGINT)], {"price": JSON}) == (column("Price", BIGINT),)


def test_what_a_pin_holds_gets_its_type() -> None:
    """Whole numbers are held by a pinned decimal; an attribute without values forces nothing."""
    met = [column("Price", BIGINT), column("Size", NULL), column("Stars", STRING)]
    pins = {"Price": DECIMAL, "Size": BIGINT, "Gone": STRING}
    assert held_to_pins(met, pins) == (
        column("Price", DECIMAL),
        column("Size", NULL),
        column("Stars", STRING),
    )


def test_what_a_pin_does_not_hold_is_an_error_that_says_what_to_do() -> None:
    """Attribute, pinned type, the type met and the next step, on one line."""
    with pytest.raises(PinnedTypeError) as caught:
        held_to_pins([column("a\nb", NUMBER_TEXT)], {"a\nb": BIGINT})
    assert str(caught.value) == (
        r"attribute 'a\nb' is pinned to bigint, but holds values that need number_text; nothing was "
        "published. Remove its entry from 'types' in exports.yaml or widen it to number_text (json holds "
        "everything), deploy and run again"
    )


@given(TYPES.filter(is_pinnable), TYPES)
def test_a_pin_holds_exactly_what_widens_to_it(pin: ColumnType, met: ColumnType) -> None:
    """Nothing that would be rounded, cut or lost passes, and nothing else is refused."""
    try:
        (held,) = held_to_pins([column("a", met)], {"a": pin})
    except PinnedTypeError:
        assert widen(pin, met) != pin
    else:
        assert held.type == (NULL if met == NULL else pin)
        assert widen(met, pin) == pin
