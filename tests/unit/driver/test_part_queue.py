"""Every part is finished by exactly one result, whatever happens to its readers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.driver.byte_pace import BytePace
from lakeshot.driver.pages_read import PagesRead
from lakeshot.driver.part_queue import MOST_ATTEMPTS, Assigned, Done, Idle, PartQueue, StoppedError
from lakeshot.errors import LakeshotError, PermissionDeniedError, SourceError
from lakeshot.rate.budget import Progress
from tests.unit.driver.results import Slice, result, slices


def assigned(queue: PartQueue[Slice], reader: object) -> tuple[int, int]:
    given = queue.next(reader)
    assert isinstance(given, Assigned)
    return given.part.number, given.attempt


def test_parts_are_handed_out_in_order_until_all_are_finished() -> None:
    """A reader without a part waits, as another's may come back."""
    queue = PartQueue(slices(2))
    assert assigned(queue, "a") == (0, 0)
    assert assigned(queue, "b") == (1, 0)
    assert queue.finished("a", result(0))
    assert isinstance(queue.next("a"), Idle)
    assert queue.finished("b", result(1))
    assert isinstance(queue.next("a"), Done)
    assert [each.part for each in queue.results()] == [0, 1]


def test_no_parts_are_done_at_once() -> None:
    """Nobody waits for nothing."""
    queue: PartQueue[Slice] = PartQueue([])
    assert isinstance(queue.next("a"), Done)
    assert queue.results() == []


def test_what_a_lost_reader_had_begun_goes_to_another() -> None:
    """What it had finished stays; what it says later counts no more."""
    queue = PartQueue(slices(2))
    assigned(queue, "a")
    queue.finished("a", result(0))
    assigned(queue, "a")
    queue.leave("a")
    assert not queue.finished("a", result(1))
    assert assigned(queue, "b") == (1, 1)
    assert not queue.finished("a", result(1))
    assert not queue.finished("b", result(1, attempt=0)), "of an attempt before"
    assert queue.finished("b", result(1, attempt=1))
    assert [each.attempt for each in queue.results()] == [0, 1]


def test_a_part_is_tried_four_times() -> None:
    """The run then ends with what was wrong the last time."""
    queue = PartQueue(slices(1))
    for attempt in range(MOST_ATTEMPTS):
        assert assigned(queue, "a") == (0, attempt)
        queue.failed("a", 0, f"broken {attempt}")
    with pytest.raises(StoppedError):
        queue.next("a")
    with pytest.raises(SourceError, match="part 0 failed 4 times; the last time: broken 3"):
        queue.results()


def test_only_its_own_reader_fails_at_a_part() -> None:
    """One that was thought to be lost does not take it from the next."""
    queue = PartQueue(slices(1))
    assigned(queue, "a")
    queue.failed("b", 0, "not mine")
    assert queue.finished("a", result(0))


def test_a_stop_reaches_every_call_and_the_run() -> None:
    """The first reason is the one that is told."""
    queue = PartQueue(slices(1))
    assigned(queue, "a")
    queue.stop(PermissionDeniedError("the coordinator is lost"))
    queue.stop(SourceError("and then something else"))
    calls = [
        lambda: queue.next("a"),
        lambda: queue.finished("a", result(0)),
        lambda: queue.failed("a", 0, "x"),
        lambda: queue.spend(5),
        queue.check,
    ]
    for call in calls:
        with pytest.raises(StoppedError, match="the coordinator is lost"):
            call()
    queue.leave("a")
    with pytest.raises(PermissionDeniedError, match="the coordinator is lost"):
        queue.results()


def test_parts_that_nobody_read_are_an_error() -> None:
    """It says what the last reader said."""
    queue = PartQueue(slices(3))
    assigned(queue, "a")
    queue.finished("a", result(0))
    queue.note("too many connections")
    with pytest.raises(SourceError, match=r"2 of 3 parts were not read.*too many connections"):
        queue.results()


def test_progress_is_passed_on() -> None:
    """As it was reported."""
    seen: list[Progress] = []
    queue = PartQueue(slices(1), on_progress=seen.append)
    queue.report(Progress(part=0, rows=1, units=2.5, bytes=3))
    assert seen == [Progress(part=0, rows=1, units=2.5, bytes=3)]


def test_pages_are_those_of_the_results_that_were_taken() -> None:
    """Those of an attempt that came to nothing are not known, which is told."""
    queue = PartQueue(slices(2))
    assigned(queue, "a")
    queue.finished("a", result(0), PagesRead(looked=10, cached=4))
    assert queue.pages == PagesRead(looked=10, cached=4)
    assigned(queue, "a")
    queue.leave("a")
    queue.finished("a", result(1), PagesRead(looked=100))
    assigned(queue, "b")
    queue.finished("b", result(1, attempt=1), PagesRead(looked=5, cached=5))
    assert queue.pages == PagesRead(looked=15, cached=9, is_all=False)


def test_a_pause_holds_new_parts_and_those_being_read() -> None:
    """Until every reason for it is taken back."""
    queue = PartQueue(slices(2), pace=BytePace())
    assert queue.spend(10) == 0.0
    queue.pause("replicas lag")
    queue.pause("the CPU is busy")
    assert (queue.spend(10), queue.spend(0)) == (1.0, 1.0)
    assert queue.next("a") == Idle(1.0)
    queue.resume("replicas lag")
    assert queue.spend(0) == 1.0
    queue.resume("the CPU is busy")
    assert queue.spend(0) == 0.0
    assert assigned(queue, "a") == (0, 0)


@given(steps=st.lists(st.tuples(st.sampled_from("nfxl"), st.integers(0, 2)), max_size=60))
def test_no_order_of_events_loses_or_doubles_a_part(steps: list[tuple[str, int]]) -> None:
    """next, finished, failed and leave of three readers, and then one reader that works on to the end."""
    queue = PartQueue(slices(4), most_attempts=1000)
    held: dict[int, list[tuple[int, int]]] = {0: [], 1: [], 2: []}
    taken = 0
    for step, reader in steps:
        if step == "n" and isinstance(given_ := queue.next(reader), Assigned):
            held[reader].append((given_.part.number, given_.attempt))
        elif step == "f" and held[reader]:
            number, attempt = held[reader].pop()
            taken += queue.finished(reader, result(number, attempt))
        elif step == "x" and held[reader]:
            queue.failed(reader, held[reader].pop()[0], "x")
        elif step == "l":
            queue.leave(reader)
    for reader in held:
        queue.leave(reader)
    while isinstance(given_ := queue.next("last"), Assigned):
        taken += queue.finished("last", result(given_.part.number, given_.attempt))
    assert taken == 4
    assert [each.part for each in queue.results()] == [0, 1, 2, 3]


def test_an_error_of_ours_is_what_stops() -> None:
    """Whatever stops the run can be raised by it."""
    queue = PartQueue(slices(1))
    error = LakeshotError("x")
    queue.stop(error)
    with pytest.raises(LakeshotError) as raised:
        queue.results()
    assert raised.value is error
