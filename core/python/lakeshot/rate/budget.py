"""One budget of read units per second, shared by all live parts of a run.

A page is granted before it is read and settled to what the service measured afterwards. Two
limits hold at once, both counted in seconds of budget: a bucket that fills a little slower than
promised and goes into debt by what a page cost more than expected, and a window that bounds any
ten seconds.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock
from typing import Protocol

from lakeshot.model import Model
from lakeshot.rate.page_size import PageSize

WINDOW_SECONDS = 10.0
WINDOW_LIMIT_SECONDS = 10.1
"""Budget that any ten seconds may hold, what is being read included at its estimate."""
PACE = 0.97
"""Share of the budget aimed at; the rest absorbs what pages cost beyond their estimate."""
BUCKET_SECONDS = 0.2
"""Budget that may lie unused for later; more would allow bursts."""
LONGEST_WAIT_SECONDS = 0.2
"""A refund may come at any time, so nobody sleeps through one."""
SHORTEST_WAIT_SECONDS = 0.001
TURN_SECONDS = 0.01
"""Parts that wait are told times this far apart, first come first."""


class Grant(Model):
    """Leave to read one page of at most ``limit`` items. Settle it, whatever comes of it."""

    id: int
    part: int
    limit: int


class Wait(Model):
    """No page may be read now; ask again after this long."""

    seconds: float


class Progress(Model):
    """What one part has done so far: rows read, read units consumed, bytes written."""

    part: int
    rows: int
    units: float
    bytes: int


class Budget(Protocol):
    """What a part worker asks before every page it reads."""

    def ask(self, part: int) -> Grant | Wait:
        """A page for this part, or how long to wait before asking again."""

    def settle(self, grant: Grant, items: int, units: float) -> None:
        """What a granted page held and consumed; nothing and 0 if it was refused."""

    def report(self, progress: Progress) -> None:
        """How far a part has come."""


def reserve(budget: Budget, part: int, sleep: Callable[[float], None] = time.sleep) -> Grant:
    """Wait for leave to read the next page of a part."""
    while isinstance(answer := budget.ask(part), Wait):
        sleep(answer.seconds)
    return answer


class ReadBudget:
    """The budget itself, in the process that owns the run. Safe to share between threads."""

    def __init__(
        self,
        units_per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._clock, self._on_progress = clock, on_progress
        self._lock, self._ids = Lock(), count(1)
        self._rate = _positive(units_per_second)
        self._filled_at, self._level = clock(), 0.0
        self._spent: deque[tuple[float, float]] = deque()
        self._open: dict[int, tuple[int, float]] = {}
        self._waiting: dict[int, None] = {}
        self._page_size = PageSize()

    @property
    def units_per_second(self) -> float:
        """Read units per second that may be consumed now."""
        return self._rate

    def ask(self, part: int) -> Grant | Wait:
        """A page for this part, or how long to wait before asking again."""
        with self._at_now() as now:
            limit, units = self._page_size.of(part, self._rate)
            wait = max(self._wait_for_bucket(), self._wait_for_window(now, units / self._rate))
            if wait > 0:
                self._waiting.setdefault(part)
                turn = list(self._waiting).index(part) * TURN_SECONDS
                return Wait(seconds=min(max(wait, SHORTEST_WAIT_SECONDS), LONGEST_WAIT_SECONDS) + turn)
            self._waiting.pop(part, None)
            grant = Grant(id=next(self._ids), part=part, limit=limit)
            self._open[grant.id] = part, units / self._rate
            self._level -= units / self._rate / PACE
            return grant

    def settle(self, grant: Grant, items: int, units: float) -> None:
        """What a granted page held and consumed; nothing and 0 if it was refused."""
        with self._at_now() as now:
            if grant.id not in self._open:
                return
            _, expected = self._open.pop(grant.id)
            spent = units / self._rate
            self._level += (expected - spent) / PACE
            self._spent.append((now, spent))
            self._page_size.learn(grant.part, items, units)

    def report(self, progress: Progress) -> None:
        """Pass on how far a part has come."""
        if self._on_progress is not None:
            self._on_progress(progress)

    def leave(self, part: int) -> None:
        """Forget a part whose worker is gone. Pages it did not settle count as they were estimated."""
        with self._at_now() as now:
            self._waiting.pop(part, None)
            for grant_id in [id_ for id_, (owner, _) in self._open.items() if owner == part]:
                self._spent.append((now, self._open.pop(grant_id)[1]))

    @contextmanager
    def _at_now(self) -> Iterator[float]:
        with self._lock:
            now = self._clock()
            self._level = min(BUCKET_SECONDS, self._level + now - self._filled_at)
            self._filled_at = now
            while self._spent and self._spent[0][0] <= now - WINDOW_SECONDS:
                self._spent.popleft()
            yield now

    def _wait_for_bucket(self) -> float:
        return -self._level

    def _wait_for_window(self, now: float, wanted: float) -> float:
        """Seconds until the window holds the page; one dearer than a whole window goes alone."""
        held = sum(seconds for _, seconds in self._spent) + sum(seconds for _, seconds in self._open.values())
        if held + wanted <= WINDOW_LIMIT_SECONDS or held == 0:
            return 0.0
        if not self._spent:
            return LONGEST_WAIT_SECONDS
        return self._spent[0][0] + WINDOW_SECONDS - now


def _positive(units_per_second: float) -> float:
    if not units_per_second > 0:
        raise ValueError(f"a read budget is more than 0 units per second, got {units_per_second}")
    return float(units_per_second)
