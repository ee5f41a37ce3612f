"""The parts of a run, handed out one by one to readers that live as long as there are any."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, Protocol, TypeVar

from lakeshot.commit.part import PartResult
from lakeshot.driver.byte_pace import PAUSE_SECONDS, BytePace
from lakeshot.driver.pages_read import PagesRead
from lakeshot.errors import LakeshotError, SourceError
from lakeshot.rate.budget import Progress

MOST_ATTEMPTS = 4
IDLE_SECONDS = 0.2
"""How long a reader without a part waits: one that another fails at may come back."""


class StoppedError(LakeshotError):
    """The run is over, for a reason that its driver tells and raises."""


class Numbered(Protocol):
    """A part."""

    @property
    def number(self) -> int:
        """Tells it from the run's other parts."""


PartT = TypeVar("PartT", bound=Numbered)


@dataclass(frozen=True)
class Assigned(Generic[PartT]):
    """A part to read now; attempts count from 0."""

    part: PartT
    attempt: int


@dataclass(frozen=True)
class Idle:
    """No part now; ask again after this long."""

    seconds: float


@dataclass(frozen=True)
class Done:
    """Every part has been read."""


class PartQueue(Generic[PartT]):
    """In the process that owns the run. Safe to share between threads.

    The first parts are handed out first. A part is finished by the one result that is taken for it, which
    stays when its reader is gone. A part whose reader fails at it or is gone goes to another, at most
    ``most_attempts`` times. After a stop every call of a reader raises StoppedError.
    """

    def __init__(
        self,
        parts: Sequence[PartT],
        *,
        pace: BytePace | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        most_attempts: int = MOST_ATTEMPTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pace = pace or BytePace(clock=clock)
        self._on_progress, self._most_attempts = on_progress, most_attempts
        self._lock = Lock()
        self._waiting = deque((part, 0) for part in parts)
        self._assigned: dict[int, tuple[object, PartT, int]] = {}
        self._results: dict[int, PartResult] = {}
        self._pages = PagesRead()
        self._count = len(parts)
        self._stopped: LakeshotError | None = None
        self._last_failure = "no reader has asked for a part"

    def next(self, reader: object) -> Assigned[PartT] | Idle | Done:
        """A part for this reader."""
        with self._lock:
            self._check()
            if len(self._results) == self._count:
                return Done()
            if self._pace.pauses:
                return Idle(PAUSE_SECONDS)
            if not self._waiting:
                return Idle(IDLE_SECONDS)
            part, attempt = self._waiting.popleft()
            self._assigned[part.number] = reader, part, attempt
            return Assigned(part, attempt)

    def finished(self, reader: object, result: PartResult, pages: PagesRead | None = None) -> bool:
        """Take a reader's result; False, and its files are nobody's, if the part is no longer its own.

        ``pages`` are those that were read for it.
        """
        with self._lock:
            self._check()
            owner, _, attempt = self._assigned.get(result.part, (None, None, -1))
            if owner is not reader or attempt != result.attempt:
                return False
            del self._assigned[result.part]
            self._results[result.part] = result
            self._pages += pages or PagesRead()
            return True

    def failed(self, reader: object, number: int, why: str) -> None:
        """An attempt came to nothing, and another may do better."""
        with self._lock:
            self._check()
            if number in self._assigned and self._assigned[number][0] is reader:
                self._put_back(number, why)

    def note(self, why: str) -> None:
        """Remember why a reader ends before the parts do, to be told if no other reads them."""
        with self._lock:
            self._last_failure = why

    def leave(self, reader: object) -> None:
        """Forget a reader that is gone; what it has not finished goes to others."""
        with self._lock:
            for number in [number for number, (owner, _, _) in self._assigned.items() if owner is reader]:
                self._put_back(number, "its reader was lost")

    def spend(self, read: int) -> float:
        """Seconds to wait after ``read`` more bytes of the source; with 0, only whether there is a pause."""
        with self._lock:
            self._check()
            return self._pace.spend(read)

    def report(self, progress: Progress) -> None:
        """Pass on how far a part has come."""
        if self._on_progress is not None:
            self._on_progress(progress)

    def pause(self, reason: str) -> None:
        """Have all readers wait until the same reason is taken back."""
        with self._lock:
            self._pace.pause(reason)

    def resume(self, reason: str) -> None:
        """Take a reason to wait back."""
        with self._lock:
            self._pace.resume(reason)

    def stop(self, error: LakeshotError) -> None:
        """Have every reader stop; the run ends with this error, the first that is given."""
        with self._lock:
            self._stopped = self._stopped or error

    @property
    def pages(self) -> PagesRead:
        """What was read for all results that were taken; not all, if an attempt came to nothing."""
        with self._lock:
            return self._pages

    def check(self) -> None:
        """Raise StoppedError if the readers are to stop."""
        with self._lock:
            self._check()

    def results(self) -> list[PartResult]:
        """One result per part. Raises what the run was stopped with, SourceError if parts are missing."""
        with self._lock:
            if self._stopped is not None:
                raise self._stopped
            if missing := self._count - len(self._results):
                raise SourceError(
                    f"{missing} of {self._count} parts were not read, and no reader is left to do it; "
                    f"the last failure: {self._last_failure}"
                )
            return [self._results[number] for number in sorted(self._results)]

    def _check(self) -> None:
        if self._stopped is not None:
            raise StoppedError(str(self._stopped))

    def _put_back(self, number: int, why: str) -> None:
        _, part, attempt = self._assigned.pop(number)
        self._last_failure = f"part {number}: {why}"
        self._pages += PagesRead(is_all=False)
        if attempt + 1 < self._most_attempts:
            self._waiting.appendleft((part, attempt + 1))
        elif self._stopped is None:
            self._stopped = SourceError(f"part {number} failed {attempt + 1} times; the last time: {why}")
