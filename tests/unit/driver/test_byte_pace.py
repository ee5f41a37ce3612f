"""Readers together read no faster than the pace."""

import pytest

from lakeshot.driver.byte_pace import BytePace


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_without_a_pace_nobody_waits() -> None:
    """Only pauses make anybody wait."""
    pace = BytePace()
    assert pace.spend(10**12) == 0.0
    pace.pause("replicas lag")
    assert (pace.spend(1), pace.pauses) == (1.0, ("replicas lag",))


def test_each_waits_for_all_that_was_read_before() -> None:
    """So nobody waits for those who come later."""
    clock = Clock()
    pace = BytePace(100.0, clock)
    assert pace.spend(200) == 2.0
    assert pace.spend(100) == 3.0
    clock.now = 3.0
    assert pace.spend(50) == 0.5


def test_little_is_saved_up() -> None:
    """An hour without reading allows a fifth of a second at once."""
    clock = Clock()
    pace = BytePace(100.0, clock)
    clock.now = 3600.0
    assert pace.spend(120) == pytest.approx(1.0)


def test_many_readers_keep_the_pace_together() -> None:
    """Four readers of blocks of different sizes, in virtual time."""
    clock = Clock()
    pace = BytePace(1_000_000.0, clock)
    ready, total = dict.fromkeys(range(4), 0.0), 0
    while clock.now < 60:
        reader = min(ready, key=lambda each: ready[each])
        clock.now = ready[reader]
        size = 100_000 * (reader + 1)
        total += size
        ready[reader] = clock.now + 0.001 + pace.spend(size)
    assert 0.95 * 60e6 < total < 1.05 * 60e6


def test_a_pace_is_positive() -> None:
    """Nothing would ever be read."""
    with pytest.raises(ValueError, match="more than 0 bytes per second, got 0"):
        BytePace(0)
