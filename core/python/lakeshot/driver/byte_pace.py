"""Bytes per second that all readers of a run share."""

import time
from collections.abc import Callable

BURST_SECONDS = 0.2
"""Pace that may lie unused for later."""
PAUSE_SECONDS = 1.0
"""How long a reader waits before it asks whether a pause is over."""


class BytePace:
    """Says how long to wait after bytes were read, so that none but the last blocks run ahead of the pace.

    What was read is a debt that all who read wait for. Without ``bytes_per_second`` only pauses make
    anybody wait. Not safe to share between threads by itself.
    """

    def __init__(
        self, bytes_per_second: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if bytes_per_second is not None and not bytes_per_second > 0:
            raise ValueError(f"a pace is more than 0 bytes per second, got {bytes_per_second}")
        self._rate, self._clock = bytes_per_second, clock
        self._paid_at, self._credit_seconds = clock(), 0.0
        self._pauses: dict[str, None] = {}

    @property
    def pauses(self) -> tuple[str, ...]:
        """Why nobody reads now, empty if they do."""
        return tuple(self._pauses)

    def spend(self, read: int) -> float:
        """Seconds to wait after ``read`` more bytes, until all that was read before them is paid for too.

        With 0, only whether there is a pause.
        """
        wait = PAUSE_SECONDS if self._pauses else 0.0
        if self._rate is None or read == 0:
            return wait
        now = self._clock()
        self._credit_seconds = min(BURST_SECONDS, self._credit_seconds + now - self._paid_at)
        self._credit_seconds -= read / self._rate
        self._paid_at = now
        return max(wait, -self._credit_seconds)

    def pause(self, reason: str) -> None:
        """Have everybody wait until the same reason is taken back."""
        self._pauses[reason] = None

    def resume(self, reason: str) -> None:
        """Take a reason to wait back."""
        self._pauses.pop(reason, None)
