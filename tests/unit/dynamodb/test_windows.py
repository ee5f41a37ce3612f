"""No write is in no window, and every window is one that DynamoDB exports."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.dynamodb.windows import Window, earliest_end, windows

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PUBLISHED = datetime(2026, 11, 21, 12, tzinfo=UTC)
SPANS = st.integers(15 * 60, 40 * 86_400).map(lambda seconds: seconds * SECOND)


@given(SPANS, st.booleans())
def test_windows_cover_everything_and_overlap(span: timedelta, is_full: bool) -> None:
    """From what was published up to the end; two minutes twice wherever one window follows changes."""
    found = windows(PUBLISHED, PUBLISHED + span, is_full=is_full)
    assert found[0].begins == (PUBLISHED if is_full else PUBLISHED - 2 * MINUTE)
    assert found[-1].ends == PUBLISHED + span
    for window, following in pairwise(found):
        assert following.begins == window.ends - 2 * MINUTE == window.repeated_from


@given(SPANS, st.booleans())
def test_each_window_is_one_that_dynamodb_exports(span: timedelta, is_full: bool) -> None:
    """A quarter of an hour to a day, in whole seconds; no window is much shorter than another."""
    found = windows(PUBLISHED, PUBLISHED + span, is_full=is_full)
    lengths = [window.ends - window.begins for window in found]
    assert all(15 * MINUTE <= length <= 24 * HOUR for length in lengths)
    assert max(lengths) - min(lengths) < len(found) * SECOND
    assert all(moment.microsecond == 0 for window in found for moment in (window.begins, window.ends))


@given(SPANS, st.booleans())
def test_fewer_windows_would_not_do(span: timedelta, is_full: bool) -> None:
    """Each costs an export."""
    found = windows(PUBLISHED, PUBLISHED + span, is_full=is_full)
    fewer = len(found) - 1
    assert found[-1].ends - found[0].begins > fewer * 24 * HOUR - max(0, fewer - 1) * 2 * MINUTE


@given(SPANS, st.booleans())
def test_windows_have_names_of_their_own(span: timedelta, is_full: bool) -> None:
    """In their order, because what the last one says of a row holds."""
    names = [window.name for window in windows(PUBLISHED, PUBLISHED + span, is_full=is_full)]
    assert names == sorted(set(names))


@pytest.mark.parametrize(
    ("is_full", "span", "count"),
    [
        (True, 24 * HOUR, 1),
        (True, 24 * HOUR + SECOND, 2),
        (False, 24 * HOUR - 2 * MINUTE, 1),
        (False, 24 * HOUR - 2 * MINUTE + SECOND, 2),
        (False, 7 * 24 * HOUR, 8),
    ],
)
def test_a_day_after_a_full_export_is_one_window(is_full: bool, span: timedelta, count: int) -> None:
    """After changes it is two, because of the overlap."""
    assert len(windows(PUBLISHED, PUBLISHED + span, is_full=is_full)) == count


@pytest.mark.parametrize(("is_full", "minutes"), [(True, 15), (False, 13)])
def test_windows_end_a_quarter_of_an_hour_after_they_begin_at_the_earliest(
    is_full: bool, minutes: int
) -> None:
    """That end works, a second before it does not."""
    earliest = earliest_end(PUBLISHED, is_full=is_full)
    assert earliest == PUBLISHED + minutes * MINUTE
    (window,) = windows(PUBLISHED, earliest, is_full=is_full)
    assert window.ends - window.begins == 15 * MINUTE
    with pytest.raises(ValueError, match=f"the earliest is 2026-11-21 12:{minutes}:00"):
        windows(PUBLISHED, earliest - SECOND, is_full=is_full)


def test_a_window_is_called_by_its_end() -> None:
    """And what is written in its last two minutes is repeated by the next one."""
    window = Window(begins=PUBLISHED, ends=PUBLISHED + HOUR)
    assert window.name == "20261121T130000Z"
    assert window.repeated_from == PUBLISHED + 58 * MINUTE
