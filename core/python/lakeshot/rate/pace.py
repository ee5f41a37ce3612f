"""How often a part worker tells the driver of its progress."""

from collections.abc import Callable

REPORT_SECONDS = 1.0


class Pace:
    """Says when the next report of one part is due: every second, the first a second after it ``started``."""

    def __init__(self, clock: Callable[[], float], started: float) -> None:
        self._clock, self._reported = clock, started

    def is_due(self) -> bool:
        """Whether a report is to be sent now; the next one is due a second later."""
        if self._clock() < self._reported + REPORT_SECONDS:
            return False
        self._reported = self._clock()
        return True
