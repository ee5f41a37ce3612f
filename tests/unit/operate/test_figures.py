"""Numbers are written so that people read them without counting digits."""

from datetime import timedelta

import pytest

from operate import figures
from tests.unit.conftest import NOON


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (65, "1 min 05 s"), (3_720, "1 h 02 min"), (90_000, "1 d 1 h"), (-3, "0 s")],
)
def test_a_span_is_told_by_its_two_largest_units(seconds: int, text: str) -> None:
    """Seconds vanish once they do not matter."""
    assert figures.span(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_500, "1.5 kB"), (2_000_000, "2.0 MB"), (3.1e12, "3.1 TB")],
)
def test_a_size_is_told_in_decimal_units(number: float, text: str) -> None:
    """Sizes are what S3's console shows."""
    assert figures.size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5 s ago"), (120, "2 min ago"), (7_200, "2 h ago"), (200_000, "2 d ago")]
)
def test_an_age_is_told_by_its_largest_unit(seconds: int, text: str) -> None:
    """An old snapshot is seen to be old at a glance."""
    assert figures.age(NOON - timedelta(seconds=seconds), NOON) == text


@pytest.mark.parametrize(("amount", "text"), [(0.0004, "under $0.01"), (1234.5, "$1,234.50")])
def test_a_cost_is_told_in_dollars_and_cents(amount: float, text: str) -> None:
    """A cost below a cent is not shown as nothing."""
    assert figures.dollars(amount) == text
