"""How a step gets into its run, and when it does not."""

from typing import TYPE_CHECKING

import pytest

from lakeshot.errors import LockHeldError, LockLostError, RunClosingError
from lakeshot.runs.entrance import Entrance
from lakeshot.runs.keys import export_key
from lakeshot.runs.lock import Lock
from lakeshot.runs.records import RunRecord, RunState, RunTable
from tests.unit.conftest import NOON, RUN_TABLE
from tests.unit.interleaving import just_before

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class Door:
    """The entrance to runs of one export, and what else happens to them."""

    def __init__(self, client: "DynamoDBClient") -> None:
        partition = export_key("reviews")
        self.lock = Lock(client, table=RUN_TABLE, partition=partition)
        self.runs = RunTable(client, RUN_TABLE)
        self.entrance = Entrance(client, table=RUN_TABLE, partition=partition)

    def begin(self, run: str = "a", redrive: int = 0) -> None:
        self.runs.start(
            RunRecord(
                run=run,
                export="reviews",
                execution_arn=f"arn:{run}",
                state=RunState.RUNNING,
                step="plan",
                started_at=NOON,
                redrive=redrive,
            )
        )

    def enter(self, run: str = "a", redrive: int = 0) -> int:
        return self.entrance.enter(run=run, redrive=redrive, now=NOON)

    def end(self, run: str = "a", state: RunState = RunState.FAILED) -> None:
        """As close does it: fenced off, recorded, released."""
        self.lock.fence_off(run=run)
        self.runs.update("reviews", run, state=state.value, error="boom", next_step="Run again.")
        self.lock.release(run=run)

    def record(self, run: str = "a") -> RunRecord:
        found = self.runs.get("reviews", run)
        assert found is not None
        return found


@pytest.fixture
def door(dynamodb: "DynamoDBClient") -> Door:
    return Door(dynamodb)


def test_the_first_step_takes_the_lock(door: Door) -> None:
    """The run holds it from then on, by the execution its record names."""
    door.begin()
    assert door.enter() == 1
    holder = door.lock.holder()
    assert holder is not None
    assert (holder.run, holder.execution_arn, holder.fence) == ("a", "arn:a", 1)


def test_every_later_step_gets_the_same_number(door: Door) -> None:
    """Steps of one try do not fence each other off."""
    door.begin()
    assert door.enter() == door.enter() == door.lock.last_fence() == 1


def test_a_step_that_enters_anew_shuts_out_whatever_got_in_before(door: Door) -> None:
    """Of two invocations of it only the later can change anything."""
    door.begin()
    first = door.enter()
    assert door.entrance.enter(run="a", redrive=0, now=NOON, anew=True) == first + 1
    with pytest.raises(LockLostError, match="fenced off or taken up again"):
        door.lock.check(run="a", fence=first)


def test_a_run_without_a_record_does_not_get_in(door: Door) -> None:
    """Nobody could close it."""
    with pytest.raises(LockLostError, match="run 'a' no longer holds the lock of export 'reviews'"):
        door.enter()


def test_another_run_is_refused_and_told_who_is_at_work(door: Door) -> None:
    """The lock is the holder's until it ends."""
    door.begin()
    door.enter()
    door.begin("b")
    with pytest.raises(LockHeldError, match="is being run by 'a'"):
        door.enter("b")
    door.lock.check(run="a", fence=1)


def test_a_late_step_of_a_closed_run_is_refused(door: Door) -> None:
    """It may have been paused since before the run was closed; the free lock stays free."""
    door.begin()
    door.enter()
    door.end()
    with pytest.raises(LockLostError, match="nobody holds it"):
        door.enter()
    assert door.lock.holder() is None


def test_a_late_step_is_refused_while_its_run_is_being_closed(door: Door) -> None:
    """The closing has begun, though the record still says that the run is at work."""
    door.begin()
    door.enter()
    door.lock.fence_off(run="a")
    with pytest.raises(LockLostError, match="fenced off"):
        door.enter()


def test_a_redrive_opens_a_closed_run_again_with_a_higher_number(door: Door) -> None:
    """The record is at work once more and no longer tells of an end."""
    door.begin()
    door.enter()
    door.end()
    assert door.enter(redrive=1) == 3
    record = door.record()
    assert (record.state, record.redrive) == (RunState.RUNNING, 1)
    assert (record.error, record.next_step, record.finished_at, record.expires_at) == (None,) * 4
    assert door.enter(redrive=1) == 3


def test_a_redrive_may_come_before_anybody_closed_the_run(door: Door) -> None:
    """What the earlier try still does is fenced off by the redrive itself."""
    door.begin()
    door.enter()
    assert door.enter(redrive=1) == 2
    with pytest.raises(LockLostError):
        door.lock.check(run="a", fence=1)


def test_a_step_of_the_earlier_try_is_refused_after_a_redrive(door: Door) -> None:
    """Two tries of one run are told apart by how often it had been redriven."""
    door.begin()
    door.enter()
    door.end()
    door.enter(redrive=1)
    with pytest.raises(LockLostError):
        door.enter(redrive=0)
    door.lock.check(run="a", fence=3)


def test_a_redrive_while_the_run_is_being_closed_is_told_to_wait(door: Door) -> None:
    """It would be closed as soon as it had begun."""
    door.begin()
    door.enter()
    door.lock.fence_off(run="a")
    with pytest.raises(RunClosingError, match="still being closed"):
        door.enter(redrive=1)
    assert door.record().redrive == 0


def test_a_run_that_succeeded_is_never_opened_again(door: Door) -> None:
    """Neither by a late step nor by a redrive."""
    door.begin()
    door.enter()
    door.end(state=RunState.SUCCEEDED)
    for redrive in (0, 1):
        with pytest.raises(LockLostError):
            door.enter(redrive=redrive)
    assert door.record().state is RunState.SUCCEEDED


def test_a_redrive_is_refused_while_another_run_is_at_work(door: Door) -> None:
    """The other one took the lock after this one was closed."""
    door.begin()
    door.enter()
    door.end()
    door.begin("b")
    fence = door.enter("b")
    with pytest.raises(LockHeldError, match="is being run by 'b'"):
        door.enter(redrive=1)
    door.lock.check(run="b", fence=fence)


def test_a_run_that_is_redriven_before_it_was_recorded_begins_like_any_other(door: Door) -> None:
    """Its first try did not come as far as a record."""
    door.begin(redrive=2)
    assert door.enter(redrive=2) == 1


def test_a_step_may_take_its_runs_lock_anew(door: Door) -> None:
    """An invocation of the same step that is still under way can change nothing any more."""
    door.begin()
    door.enter()
    assert door.entrance.enter(run="a", redrive=0, now=NOON, anew=True) == 2
    assert door.enter() == 2
    with pytest.raises(LockLostError):
        door.lock.check(run="a", fence=1)


def test_a_closed_run_is_not_taken_anew(door: Door) -> None:
    """Neither while it is being closed nor later."""
    door.begin()
    door.enter()
    door.lock.fence_off(run="a")
    with pytest.raises(LockLostError):
        door.entrance.enter(run="a", redrive=0, now=NOON, anew=True)
    door.end()
    with pytest.raises(LockLostError):
        door.entrance.enter(run="a", redrive=0, now=NOON, anew=True)


def test_two_steps_that_open_a_run_at_once_get_the_same_number(
    door: Door, dynamodb: "DynamoDBClient"
) -> None:
    """Verifiers are redriven side by side; whoever is slower does not fence the quicker one off."""
    door.begin()
    door.enter()
    door.end()
    quicker: list[int] = []
    with just_before(dynamodb, "transact_write_items", lambda: quicker.append(door.enter(redrive=1))):
        slower = door.enter(redrive=1)
    assert [slower] == quicker == [3]


def test_a_run_that_is_closed_while_a_step_enters_stays_closed(
    door: Door, dynamodb: "DynamoDBClient"
) -> None:
    """The step read the record before, and finds out when it writes."""
    door.begin()
    with (
        just_before(dynamodb, "transact_write_items", door.end),
        pytest.raises(LockLostError),
    ):
        door.enter()
    assert door.lock.holder() is None


def test_of_two_runs_that_enter_at_once_one_is_refused(door: Door, dynamodb: "DynamoDBClient") -> None:
    """The slower one is told who was quicker."""
    door.begin()
    door.begin("b")
    with (
        just_before(dynamodb, "transact_write_items", lambda: door.enter("b")),
        pytest.raises(LockHeldError, match="is being run by 'b'"),
    ):
        door.enter()
    door.lock.check(run="b", fence=1)
