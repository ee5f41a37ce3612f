"""One live run per export, or group."""

from typing import TYPE_CHECKING

import pytest

from lakeshot.errors import LockHeldError, LockLostError
from lakeshot.runs.keys import export_key, group_key
from lakeshot.runs.lock import Holder, Lock
from tests.unit.conftest import NOON, RUN_TABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@pytest.fixture
def lock(dynamodb: "DynamoDBClient") -> Lock:
    return Lock(dynamodb, table=RUN_TABLE, partition=export_key("reviews"))


def take(lock: Lock, client: "DynamoDBClient", run: str = "a") -> int:
    """As an entrance does, which writes the entry in a transaction with the run's record."""
    fence, taking = lock.taking(run=run, execution_arn=f"arn:{run}", now=NOON)
    client.transact_write_items(TransactItems=[taking])
    return fence


def test_the_first_run_gets_the_lock(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """Its fencing number is 1 and it is recorded as the holder."""
    assert lock.last_fence() == 0
    assert take(lock, dynamodb) == 1
    assert lock.holder() == Holder(run="a", execution_arn="arn:a", fence=1, acquired_at=NOON)


def test_a_second_run_is_refused_and_told_who_holds_the_lock(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """The message names the holder, since when, and what to do."""
    take(lock, dynamodb)
    with pytest.raises(LockHeldError) as caught:
        take(lock, dynamodb, "b")
    assert "export 'reviews' is being run by 'a' since 2026-11-21 12:00:00 UTC (arn:a)" in str(caught.value)
    assert "make watch RUN=a" in str(caught.value)
    assert "make stop-run RUN=a" in str(caught.value)


def test_a_group_has_a_lock_of_its_own(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """A group and an export of one name do not get in each other's way."""
    take(lock, dynamodb)
    group = Lock(dynamodb, table=RUN_TABLE, partition=group_key("reviews"))
    assert take(group, dynamodb, "b") == 1
    with pytest.raises(LockHeldError, match="group 'reviews' is being run by 'b'"):
        take(group, dynamodb, "c")


def test_taken_anew_by_its_holder_the_number_rises(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """A redriven run leaves behind whatever its earlier try still does."""
    take(lock, dynamodb)
    assert take(lock, dynamodb) == 2
    with pytest.raises(LockLostError, match="fenced off or taken up again"):
        lock.check(run="a", fence=1)
    lock.check(run="a", fence=2)


def test_of_two_who_take_it_at_once_one_wins(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """The entry of the slower one fails its transaction."""
    _, late = lock.taking(run="b", execution_arn="arn:b", now=NOON)
    take(lock, dynamodb)
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[late])
    lock.check(run="a", fence=1)


def test_numbers_rise_across_releases(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """A number is never given twice, and the last one is known while nobody holds the lock."""
    take(lock, dynamodb)
    lock.fence_off(run="a")
    lock.release(run="a")
    assert (lock.holder(), lock.last_fence()) == (None, 2)
    assert take(lock, dynamodb, "b") == 3


def test_a_run_that_is_at_work_is_not_released(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """It was redriven, and took its lock anew, while a closing of its earlier end was still under way."""
    take(lock, dynamodb)
    lock.fence_off(run="a")
    fence = take(lock, dynamodb)
    lock.release(run="a")
    lock.check(run="a", fence=fence)


def test_only_the_holder_releases(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """A late close of an old run leaves the new run's lock alone."""
    fence = take(lock, dynamodb, "b")
    lock.fence_off(run="a")
    lock.release(run="a")
    lock.check(run="b", fence=fence)


def test_a_released_lock_fails_the_check(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """A run that was closed cannot go on."""
    take(lock, dynamodb)
    lock.fence_off(run="a")
    lock.release(run="a")
    with pytest.raises(LockLostError, match="nobody holds it"):
        lock.check(run="a", fence=1)


def test_the_check_names_who_holds_the_lock_instead(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """Somebody who looks for the reason finds the run to look at."""
    take(lock, dynamodb, "b")
    with pytest.raises(
        LockLostError, match=r"run 'a' no longer holds the lock of export 'reviews' \(run 'b'"
    ):
        lock.check(run="a", fence=1)


@pytest.mark.parametrize(("run", "fence"), [("b", 1), ("a", 2)])
def test_the_condition_is_the_check_inside_a_transaction(
    run: str, fence: int, lock: Lock, dynamodb: "DynamoDBClient"
) -> None:
    """It takes run and number together, and refuses the whole transaction otherwise."""
    take(lock, dynamodb)
    dynamodb.transact_write_items(TransactItems=[lock.condition(run="a", fence=1)])
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[lock.condition(run=run, fence=fence)])


def test_a_run_that_is_fenced_off_keeps_the_lock_but_can_do_nothing(
    lock: Lock, dynamodb: "DynamoDBClient"
) -> None:
    """Closing a run first makes whatever of it is still under way worthless."""
    fence = take(lock, dynamodb)
    assert lock.fence_off(run="a") == 2
    with pytest.raises(LockLostError):
        lock.check(run="a", fence=fence)
    with pytest.raises(LockHeldError):
        take(lock, dynamodb, "b")
    holder = lock.holder()
    assert holder is not None
    assert holder.closing


def test_fencing_off_again_gives_the_same_number(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """A close that is repeated works on under the number it began with."""
    take(lock, dynamodb)
    assert lock.fence_off(run="a") == lock.fence_off(run="a") == lock.last_fence() == 2


def test_only_the_holder_is_fenced_off(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """A late close of an old run is told that the lock is not its own, and changes nothing."""
    assert lock.fence_off(run="a") is None
    fence = take(lock, dynamodb, "b")
    assert lock.fence_off(run="a") is None
    lock.check(run="b", fence=fence)


def test_whoever_takes_a_closed_lock_is_not_being_closed(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """The mark goes with the run that bore it."""
    take(lock, dynamodb)
    lock.fence_off(run="a")
    lock.release(run="a")
    take(lock, dynamodb, "b")
    holder = lock.holder()
    assert holder is not None
    assert (holder.run, holder.fence, holder.closing) == ("b", 3, False)


def test_a_release_inside_a_transaction_needs_the_number(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """A report that was fenced off meanwhile releases nothing."""
    fence = take(lock, dynamodb)
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[lock.releasing(run="a", fence=fence + 1)])
    lock.check(run="a", fence=fence)
    dynamodb.transact_write_items(TransactItems=[lock.releasing(run="a", fence=fence)])
    assert lock.holder() is None
