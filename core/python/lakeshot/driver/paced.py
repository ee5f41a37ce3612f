"""Waits for the pace that all readers of a run share."""

from collections.abc import Callable

LONGEST_NAP_SECONDS = 1.0
"""Nobody sleeps longer through a stop."""


def wait_for_pace(ask: Callable[[int], float], read: int, *, sleep: Callable[[float], None]) -> None:
    """Tell ``ask`` how many bytes more were read, and wait so many seconds, and until no pause is left.

    What ``ask`` raises, as it does once the run is over, ends the wait.
    """
    left = ask(read)
    while left > 0:
        seconds = min(left, LONGEST_NAP_SECONDS)
        sleep(seconds)
        left = max(left - seconds, ask(0))
