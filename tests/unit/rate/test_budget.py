"""A read budget is kept over any ten seconds and used while there is something to read."""

import random
from collections.abc import Callable, Iterator

import pytest

from lakeshot.rate.budget import Grant, ReadBudget, Wait, reserve
from tests.unit.scan_simulation import Meter, Segment, VirtualClock, simulate

TOLERANCE = 1.05
LEAST_USE = 0.85
SIZES: dict[str, Callable[[random.Random], int]] = {
    "one unit each": lambda _: 4096,
    "small and large": lambda dice: dice.choice([200, 2_000, 20_000]),
    "long tail": lambda dice: min(400_000, max(50, int(dice.expovariate(1 / 1_500)))),
}


def segments(units: float, shares: list[float], sizes: Callable[[random.Random], int]) -> list[Segment]:
    """Segments that hold about these shares of the units."""
    dice = random.Random(20261121)  # noqa: S311  (the same sizes every time)
    found = []
    for share in shares:
        wanted = units * share / sum(shares)
        items: list[int] = []
        while sum(items) / 4096 / 2 < wanted:
            items += [sizes(dice) for _ in range(50)]
        found.append(Segment(items))
    return found


def scanned(rate: float, shares: list[float], sizes: Callable[[random.Random], int]) -> Meter:
    clock = VirtualClock()
    return simulate(ReadBudget(rate, clock=clock), clock, segments(40 * rate, shares, sizes))


@pytest.mark.parametrize("rate", [25.0, 200.0])
@pytest.mark.parametrize("shares", [[1.0], [5.0, 1.0], [64.0, 32.0, 16.0, 8.0, 4.0, 2.0, 1.0, 1.0]], ids=len)
@pytest.mark.parametrize("sizes", SIZES)
def test_the_budget_is_kept_and_used(rate: float, shares: list[float], sizes: str) -> None:
    """Any 10 s stay within 5 % over the budget; until 95 % are read, none use less than 85 %."""
    meter = scanned(rate, shares, SIZES[sizes])
    assert meter.most_in_window(10) <= TOLERANCE * 10 * rate
    assert meter.least_in_window(10, until=meter.time_of_share(0.95)) >= LEAST_USE * 10 * rate


@pytest.mark.parametrize("shares", [[1.0], [1.0] * 8], ids=len)
def test_one_unit_per_second_is_kept(shares: list[float]) -> None:
    """Pages shrink to single items when the budget is the smallest there is."""
    meter = scanned(1.0, shares, SIZES["one unit each"])
    assert meter.most_in_window(10) <= 10.5
    assert meter.least_in_window(10, until=meter.time_of_share(0.95)) >= 8.5


def test_the_last_segment_gets_everything() -> None:
    """Shares of segments that have ended move to the one that goes on."""
    meter = scanned(100.0, [1.0, 1.0, 30.0], SIZES["one unit each"])
    ended = meter.time_of_share(0.95)
    assert meter.between(ended - 10, ended) >= 850


def test_throttled_pages_cost_the_others_nothing() -> None:
    """What a segment is refused is read by the others meanwhile."""
    clock = VirtualClock()
    parts = segments(4_000, [1.0, 5.0, 5.0], SIZES["one unit each"])
    parts[0].throttles = lambda request: request % 2 == 0
    meter = simulate(ReadBudget(100, clock=clock), clock, parts)
    assert meter.most_in_window(10) <= 1_050
    assert meter.least_in_window(10, until=meter.time_of_share(0.9)) >= 850


def test_the_first_page_is_small() -> None:
    """Before any item is known each may be the largest there is, 100 units."""
    clock = VirtualClock()
    assert ReadBudget(10_000, clock=clock).ask(0) == Grant(id=1, part=0, limit=20)
    assert ReadBudget(1, clock=clock).ask(0) == Grant(id=1, part=0, limit=1)


def test_a_page_that_cost_more_than_expected_is_made_up_for() -> None:
    """A debt is waited out before the next page, by whoever asks."""
    clock = VirtualClock()
    budget = ReadBudget(10, clock=clock)
    first = budget.ask(0)
    assert isinstance(first, Grant)
    budget.settle(first, items=1, units=20.0)
    waited = 0.0
    while isinstance(answer := budget.ask(1), Wait):
        waited += answer.seconds
        clock.now += answer.seconds
    assert 2.0 <= waited <= 2.3


def test_a_worker_that_died_is_charged_what_it_was_granted() -> None:
    """A page nobody settled may have been read, so it counts as it was estimated."""
    clock = VirtualClock()
    budget = ReadBudget(10, clock=clock)
    budget.settle(_granted(budget, 0), items=1, units=1.0)
    clock.now = 20.0
    lost = _granted(budget, 0)
    budget.leave(0)
    budget.settle(lost, items=1, units=0.0)
    assert isinstance(budget.ask(1), Wait)


def _granted(budget: ReadBudget, part: int) -> Grant:
    answer = budget.ask(part)
    assert isinstance(answer, Grant)
    return answer


def test_reserving_sleeps_as_it_is_told() -> None:
    """A worker asks again after the time it was told, and goes on when granted."""
    answers: Iterator[Grant | Wait] = iter(
        [Wait(seconds=0.2), Wait(seconds=0.05), Grant(id=1, part=0, limit=9)]
    )

    class Scripted(ReadBudget):
        def ask(self, part: int) -> Grant | Wait:
            return next(answers)

    slept: list[float] = []
    assert reserve(Scripted(1), 0, slept.append).limit == 9
    assert slept == [0.2, 0.05]


@pytest.mark.parametrize("rate", [0, -1.0, float("nan")])
def test_a_budget_is_more_than_nothing(rate: float) -> None:
    """A budget of nothing would wait for ever, so it is refused."""
    with pytest.raises(ValueError, match="a read budget is more than 0 units per second"):
        ReadBudget(rate)
