"""A table that is scanned on a virtual clock: what a budget grants becomes consumption, metered."""

import heapq
import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from lakeshot.rate.budget import Grant, ReadBudget, Wait

LARGEST_PAGE_BYTES = 1_000_000
UNIT_BYTES = 4096


@dataclass
class VirtualClock:
    """A clock that only the simulation moves."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Segment:
    """Item sizes in bytes, and how long a page takes from request to answer and to decode."""

    sizes: Sequence[int]
    latency: float = 0.02
    decoding: float = 0.005
    position: int = 0
    throttles: Callable[[int], bool] = field(default=lambda _: False)
    requests: int = 0

    def page(self, limit: int) -> tuple[int, float]:
        """Items and units of the next page; eventually consistent, half a unit per 4 KB."""
        size = items = 0
        while items < limit and self.position + items < len(self.sizes) and size < LARGEST_PAGE_BYTES:
            size += self.sizes[self.position + items]
            items += 1
        return items, math.ceil(size / UNIT_BYTES) / 2


@dataclass
class Meter:
    """What was consumed, when, and how many items it was."""

    events: list[tuple[float, float, int]] = field(default_factory=list)

    def between(self, start: float, end: float) -> float:
        """Units consumed from ``start`` until before ``end``."""
        times = [at for at, _, _ in self.events]
        first, last = bisect_left(times, start), bisect_left(times, end)
        return sum(units for _, units, _ in self.events[first:last])

    def least_in_window(self, seconds: float, until: float) -> float:
        """Units in the emptiest of the windows that end not after ``until``; each a quarter second on."""
        starts = [step / 4 for step in range(math.floor(4 * (until - seconds)) + 1)]
        return min(self.between(start, start + seconds) for start in starts)

    def most_in_window(self, seconds: float) -> float:
        """Units in the fullest window of all there are."""
        fullest, held, first = 0.0, 0.0, 0
        for at, units, _ in self.events:
            held += units
            while self.events[first][0] <= at - seconds:
                held -= self.events[first][1]
                first += 1
            fullest = max(fullest, held)
        return fullest

    def time_of_share(self, share: float) -> float:
        """When this share of all items had been read."""
        total, read = sum(items for _, _, items in self.events), 0
        for at, _, items in self.events:
            read += items
            if read >= share * total:
                return at
        return math.inf


def simulate(budget: ReadBudget, clock: VirtualClock, segments: Sequence[Segment]) -> Meter:
    """Scan all segments to their ends."""
    meter, order = Meter(), 0
    agenda: list[tuple[float, int, Callable[[], None]]] = []

    def plan(when: float, what: Callable[[], None]) -> None:
        nonlocal order
        order += 1
        heapq.heappush(agenda, (when, order, what))

    def ask(part: int) -> None:
        segment = segments[part]
        if segment.position >= len(segment.sizes):
            return
        answer = budget.ask(part)
        if isinstance(answer, Wait):
            assert answer.seconds > 0
            plan(clock.now + answer.seconds, lambda: ask(part))
            return
        segment.requests += 1
        plan(clock.now + segment.latency / 2, lambda: read(part, answer))

    def read(part: int, grant: Grant) -> None:
        segment = segments[part]
        if segment.throttles(segment.requests):
            plan(clock.now + segment.latency / 2, lambda: budget.settle(grant, 0, 0.0))
            plan(clock.now + 0.5, lambda: ask(part))
            return
        items, units = segment.page(grant.limit)
        segment.position += items
        meter.events.append((clock.now, units, items))
        plan(clock.now + segment.latency / 2, lambda: budget.settle(grant, items, units))
        plan(clock.now + segment.latency / 2 + segment.decoding, lambda: ask(part))

    for part in range(len(segments)):
        plan(0.0, partial(ask, part))
    while agenda:
        clock.now, _, what = heapq.heappop(agenda)
        what()
    return meter
