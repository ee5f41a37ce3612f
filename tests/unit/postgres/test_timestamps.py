"""One timestamp outside the years 1 to 9999 is enough for a column to be text."""

import pyarrow as pa
import pytest

from lakeshot.columns.types import TIMESTAMP, TIMESTAMP_TEXT
from lakeshot.postgres.timestamps import classified, without_zone

USUAL = ["0001-01-01 00:00:00", None, "9999-12-31 23:59:59.999999", "2026-11-22 09:05:00.25"]
ODD = [
    "infinity",
    "-infinity",
    "0044-03-15 00:00:00 BC",
    "10000-01-01 00:00:00",
    "294276-12-31 23:59:59.999999",
]


def in_utc(text: str | None) -> str | None:
    """As PostgreSQL prints a timestamptz: the zone comes before BC, and infinity has none."""
    if text is None or "inf" in text:
        return text
    return text.removesuffix(" BC") + "+00" + " BC" * text.endswith(" BC")


@pytest.mark.parametrize("more", [[], [None]])
def test_usual_ones(more: list[str | None]) -> None:
    """They are timestamps, without zone, and null stays null."""
    texts = [*more, *USUAL]
    assert classified(pa.array(texts)) == (pa.array(texts), TIMESTAMP)
    assert without_zone(pa.array([in_utc(text) for text in texts])) == (pa.array(texts), TIMESTAMP)


@pytest.mark.parametrize("odd", ODD)
def test_one_odd_one(odd: str) -> None:
    """All of them are what PostgreSQL prints, without zone."""
    for texts in ([odd, *USUAL], [*USUAL, odd], [USUAL[0], odd, USUAL[2]]):
        assert classified(pa.array(texts)) == (pa.array(texts), TIMESTAMP_TEXT)
        assert without_zone(pa.array([in_utc(text) for text in texts])) == (pa.array(texts), TIMESTAMP_TEXT)


@pytest.mark.parametrize(
    "odd", ["2026-11-22 09:05:00+01", "2026-11-22 09:05:00+00:30", "2026-11-22 09:05:00-00:30", "2026-11-22"]
)
def test_a_time_of_another_zone_keeps_it(odd: str) -> None:
    """A server that prints one is no reason to shift it or to cut digits off; the others are in UTC."""
    for texts in ([odd, *USUAL], [*USUAL, odd]):
        given = [each if each == odd else in_utc(each) for each in texts]
        assert without_zone(pa.array(given)) == (pa.array(texts), TIMESTAMP_TEXT)


def test_only_the_zone_is_cut_off() -> None:
    """The same letters elsewhere in a text are part of it."""
    texts = ["+00 infinity", "44-03-15 00:00:00+00 BC", "infinity"]
    expected = ["+00 infinity", "44-03-15 00:00:00 BC", "infinity"]
    assert without_zone(pa.array(texts)) == (pa.array(expected), TIMESTAMP_TEXT)


@pytest.mark.parametrize("texts", [[], [None, None]])
def test_none(texts: list[str | None]) -> None:
    given = pa.array(texts, pa.string())
    assert classified(given) == (given, TIMESTAMP)
    assert without_zone(given) == (given, TIMESTAMP)
