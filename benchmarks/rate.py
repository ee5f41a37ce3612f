"""How well a read budget is kept and used by part workers that share it, in real time.

Workers hold connections to the driver's budget as Glue tasks do. The table is a stand-in that meters
as DynamoDB does: half a unit per started 4 KB of a page. Its segments are skewed, each twice the next.
A window is any ten seconds; the least is taken until 95 % of the items are read.
"""

import argparse
import math
from bisect import bisect_left
from collections.abc import Sequence
from random import Random
from threading import Lock, Thread
from time import monotonic, sleep

from benchmarks.machine import machine_line
from lakeshot.budget import ReadBudget, reserve
from lakeshot.budget_server import BudgetServer
from lakeshot.remote_budget import Address, RemoteBudget

SEGMENTS = (1, 2, 8)
WINDOW_SECONDS = 10.0
MOST, LEAST = 1.05, 0.85
PAGE_BYTES = 1_000_000
KEY = b"benchmark"


class Table:
    """Segments of items of some bytes each, and what reading them consumed and when."""

    def __init__(self, units: float, segments: int) -> None:
        shares = [2.0**-number for number in range(segments)]
        self.segments = [_sizes(units * share / sum(shares), seed) for seed, share in enumerate(shares)]
        self.consumed: list[tuple[float, float, int]] = []
        self._lock = Lock()

    def page(self, segment: int, start: int, limit: int) -> tuple[int, float]:
        """Items and read units of a page; it takes as long as one in the same region."""
        sleep(0.015)
        items = size = 0
        sizes = self.segments[segment]
        while items < limit and start + items < len(sizes) and size < PAGE_BYTES:
            size += sizes[start + items]
            items += 1
        units = math.ceil(size / 4096) / 2
        with self._lock:
            self.consumed.append((monotonic(), units, items))
        return items, units


def main(arguments: list[str]) -> int:
    """Print the fullest and the emptiest window for each number of segments; 1 if one is outside."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks rate")
    parser.add_argument(
        "--units", type=float, default=200.0, help="read units per second, default: %(default)s"
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="of reading each, default: %(default)s")
    given = parser.parse_args(arguments)
    print(machine_line("pydantic"))
    print(f"{'segments':>8}{'pages':>7}{'seconds':>9}{'fullest 10 s':>14}{'emptiest 10 s':>15}")
    within = True
    for segments in SEGMENTS:
        most, least = _measured(given.units, given.units * given.seconds, segments)
        within &= most <= MOST and least >= LEAST
    print(f"aims: at most {MOST:.0%} of {given.units:g} units per second, at least {LEAST:.0%}")
    return 0 if within else 1


def _measured(rate: float, units: float, segments: int) -> tuple[float, float]:
    table = Table(units, segments)
    started = monotonic()
    with BudgetServer(ReadBudget(rate), KEY) as server:
        workers = [Thread(target=_scan, args=(table, part, server.address)) for part in range(segments)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    seconds = monotonic() - started
    events = sorted(table.consumed)
    most = max(_between(events, at, at + WINDOW_SECONDS) for at, _, _ in events) / rate / WINDOW_SECONDS
    end = _time_of_share(events, 0.95)
    starts = [started + step / 4 for step in range(int((end - WINDOW_SECONDS - started) * 4))]
    least = min(_between(events, start, start + WINDOW_SECONDS) for start in starts) / rate / WINDOW_SECONDS
    print(f"{segments:>8}{len(events):>7}{seconds:>9.1f}{most:>14.1%}{least:>15.1%}")
    return most, least


def _scan(table: Table, part: int, address: Address) -> None:
    budget = RemoteBudget(address, KEY)
    position = 0
    while position < len(table.segments[part]):
        grant = reserve(budget, part)
        items, units = table.page(part, position, grant.limit)
        budget.settle(grant, items, units)
        position += items
    budget.close()


def _sizes(units: float, seed: int) -> list[int]:
    """Items of a long-tailed size that cost about so many units to read."""
    random, sizes, left = Random(seed), [], units * 2 * 4096
    while left > 0:
        sizes.append(min(400_000, 100 + int(random.expovariate(1 / 1500))))
        left -= sizes[-1]
    return sizes


def _between(events: Sequence[tuple[float, float, int]], start: float, end: float) -> float:
    first, last = bisect_left(events, (start,)), bisect_left(events, (end,))
    return sum(units for _, units, _ in events[first:last])


def _time_of_share(events: Sequence[tuple[float, float, int]], share: float) -> float:
    left = share * sum(items for _, _, items in events)
    for at, _, items in events:
        left -= items
        if left <= 0:
            return at
    return events[-1][0]
