"""Reports of a part's progress come once a second, however often there is something to tell."""

from lakeshot.rate.pace import Pace


def test_a_report_is_due_a_second_after_the_last() -> None:
    """Not at once, and not again within the same second."""
    now = 10.0
    pace = Pace(lambda: now, now)
    told = []
    for now in (10.0, 10.9, 11.0, 11.5, 12.1, 12.2, 13.1):
        if pace.is_due():
            told.append(now)
    assert told == [11.0, 12.1, 13.1]
