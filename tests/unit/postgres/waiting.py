"""Waits for what happens in its own time, however slow the machine is."""

import time
from collections.abc import Callable

from lakeshot.driver.byte_pace import BytePace

LONGEST_SECONDS = 60.0


def until(happened: Callable[[], object]) -> None:
    """Wait until something is so; it is a failure if that never comes."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Until(BytePace):
    """Has whoever reads wait until something is so, and then does something."""

    def __init__(self, happened: Callable[[], object], act: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self._happened, self._act = happened, act
        self._is_over = False
        self._deadline = time.monotonic() + LONGEST_SECONDS

    def spend(self, read: int) -> float:
        if not self._is_over:
            if not self._happened() and time.monotonic() < self._deadline:
                return 0.05  # and the reader asks again
            self._is_over = True
            self._act()
        return super().spend(read)
