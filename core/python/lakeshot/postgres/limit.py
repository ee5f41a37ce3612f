"""A figure of the database's that the reading gives way to."""

import logging
import time
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger(__name__)

RESUME_AT = 0.8
"""Share of the limit that the figure has to come down to, so that reading does not flutter around it."""


class Pausable(Protocol):
    """What hands out the reading."""

    def pause(self, reason: str) -> None:
        """Have all readers wait until the same reason is taken back."""

    def resume(self, reason: str) -> None:
        """Take a reason to wait back."""


class Limit:
    """Has the queue pause when ``looks`` figures in a row were above ``most``, until one is well below it.

    ``what`` names the figure and ``unit`` follows it. A figure that cannot be read never pauses, which is
    told once.
    """

    def __init__(
        self,
        queue: Pausable,
        what: str,
        most: float,
        unit: str,
        *,
        looks: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue, self._what, self._most, self._unit = queue, what, most, unit
        self._looks, self._clock = looks, clock
        self._reason = f"{what} is over {most:g} {unit}"
        self._above, self._pauses, self._paused_seconds = 0, 0, 0.0
        self._paused_at: float | None = None
        self._unread: str | None = None

    @property
    def is_paused(self) -> bool:
        """Whether this is why nobody reads."""
        return self._paused_at is not None

    def seen(self, figure: float) -> None:
        """Take note of the figure as it is now."""
        self._above = self._above + 1 if figure > self._most else 0
        if self._above >= self._looks and not self.is_paused:
            self._paused_at, self._pauses = self._clock(), self._pauses + 1
            self._queue.pause(self._reason)
            log.warning("reading pauses: %s, it is %s", self._reason, self._shown(figure))
        elif figure <= RESUME_AT * self._most and self.is_paused:
            self._resume(f"it is {self._shown(figure)}")

    def unseen(self, why: str) -> None:
        """Take note that the figure cannot be read."""
        self._above = 0
        if self._unread is None:
            self._unread = why
            log.warning("%s is not looked after: %s", self._what, why)
        if self.is_paused:
            self._resume("it cannot be read any more")

    def end(self) -> None:
        """Nobody looks any more."""
        if self.is_paused:
            self._resume("nobody looks after it any more")

    def words(self) -> list[str]:
        """What the run record is to tell."""
        told = []
        if self._pauses:
            times = "once" if self._pauses == 1 else f"{self._pauses} times"
            told.append(f"reading paused {times}, {self._paused_seconds:.0f} s in all, as {self._reason}")
        if self._unread is not None:
            told.append(f"{self._what} was not looked after: {self._unread}")
        return told

    def _resume(self, why: str) -> None:
        if self._paused_at is not None:
            self._paused_seconds += self._clock() - self._paused_at
        self._paused_at = None
        self._queue.resume(self._reason)
        log.warning("reading goes on: of %s, %s", self._what, why)

    def _shown(self, figure: float) -> str:
        return f"{figure:.3g} {self._unit}"
