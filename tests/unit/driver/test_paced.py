"""Whoever reads waits for the pace of all, and for as long as reading is paused."""

import pytest

from lakeshot.driver.byte_pace import BytePace
from lakeshot.driver.paced import LONGEST_NAP_SECONDS, wait_for_pace
from lakeshot.driver.part_queue import StoppedError


def test_what_was_read_is_waited_for_in_naps() -> None:
    """So that a stop is noticed."""
    naps: list[float] = []
    wait_for_pace(BytePace(1000, clock=lambda: 0.0).spend, 2500, sleep=naps.append)
    assert naps == [LONGEST_NAP_SECONDS, LONGEST_NAP_SECONDS, 0.5]


def test_a_pause_is_waited_for_to_its_end() -> None:
    """Without a pace as well."""
    pace, naps = BytePace(), list[float]()
    pace.pause("replicas lag")

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 5:
            pace.resume("replicas lag")

    wait_for_pace(pace.spend, 10, sleep=sleep)
    assert len(naps) == 5


def test_a_stop_ends_the_wait() -> None:
    """By what the queue raises."""
    answers = iter([3600.0])

    def ask(_: int) -> float:
        if (seconds := next(answers, None)) is None:
            raise StoppedError("it is over")
        return seconds

    with pytest.raises(StoppedError):
        wait_for_pace(ask, 1, sleep=lambda _: None)
