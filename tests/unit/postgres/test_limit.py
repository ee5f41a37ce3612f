"""Reading gives way to a figure of the database's, and does not flutter around its limit."""

from lakeshot.driver.byte_pace import BytePace
from lakeshot.postgres.limit import Limit


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_reading_pauses_above_the_limit_until_the_figure_is_well_below() -> None:
    """At the limit itself nothing changes, whichever way it came there."""
    pace, clock = BytePace(), Clock()
    limit = Limit(pace, "CPU of shop-1", 50, "%", clock=clock)
    limit.seen(50.0)
    assert not pace.pauses
    limit.seen(50.1)
    assert pace.pauses == ("CPU of shop-1 is over 50 %",)
    clock.now = 90.0
    limit.seen(41.0)
    assert limit.is_paused
    limit.seen(40.0)
    assert not pace.pauses
    assert limit.words() == ["reading paused once, 90 s in all, as CPU of shop-1 is over 50 %"]


def test_a_single_figure_may_not_be_enough() -> None:
    """Those in between make the count begin again."""
    pace = BytePace()
    limit = Limit(pace, "replication lag", 10, "s", looks=2)
    for figure in (3600.0, 0.0, 11.0):
        limit.seen(figure)
    assert not pace.pauses
    limit.seen(11.0)
    assert pace.pauses == ("replication lag is over 10 s",)


def test_what_cannot_be_read_does_not_pause_and_is_told_once() -> None:
    """A pause that it was the reason of ends, too."""
    pace, clock = BytePace(), Clock()
    limit = Limit(pace, "replication lag", 10, "s", clock=clock)
    limit.seen(11.0)
    clock.now = 5.0
    limit.unseen("this user may not see it")
    limit.unseen("the connection broke")
    assert not pace.pauses
    assert limit.words() == [
        "reading paused once, 5 s in all, as replication lag is over 10 s",
        "replication lag was not looked after: this user may not see it",
    ]


def test_two_limits_pause_each_for_itself() -> None:
    """Reading goes on once neither is a reason to wait."""
    pace = BytePace()
    lag, cpu = Limit(pace, "replication lag", 10, "s"), Limit(pace, "CPU of a", 50, "%")
    lag.seen(11.0)
    cpu.seen(51.0)
    lag.end()
    assert pace.pauses == ("CPU of a is over 50 %",)
    cpu.end()
    assert not pace.pauses
    assert lag.words() + cpu.words() == [
        "reading paused once, 0 s in all, as replication lag is over 10 s",
        "reading paused once, 0 s in all, as CPU of a is over 50 %",
    ]


def test_nothing_is_told_of_a_limit_that_was_kept() -> None:
    """Silence is what everybody hopes for."""
    limit = Limit(BytePace(), "replication lag", 10, "s")
    limit.seen(9.0)
    limit.end()
    assert limit.words() == []
