"""One live run per export."""

from typing import TYPE_CHECKING

import pytest

from lakeshot.errors import LockHeldError, LockLostError
from lakeshot.runs.lock import Holder, Lock
from tests.unit.conftest import NOON, RUN_TABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@pytest.fixture
def lock(dynamodb: "DynamoDBClient") -> Lock:
    return Lock(dynamodb, table=RUN_TABLE, export="reviews")


def acquire(lock: Lock, run: str, *, dead: bool = False) -> int:
    return lock.acquire(run=run, execution_arn=f"arn:{run}", now=NOON, is_dead=lambda holder: dead)


def test_the_first_run_gets_the_lock(lock: Lock) -> None:
    """Its fencing number is 1 and it is recorded as the holder."""
    assert acquire(lock, "a") == 1
    assert lock.holder() == Holder(run="a", execution_arn="arn:a", fence=1, acquired_at=NOON)


def test_a_second_run_is_refused_and_told_who_holds_the_lock(lock: Lock) -> None:
    """The message names the holder, since when, and what to do."""
    acquire(lock, "a")
    with pytest.raises(LockHeldError) as caught:
        acquire(lock, "b")
    assert "export 'reviews' is being run by 'a' since 2026-11-21 12:00:00 UTC" in str(caught.value)
    assert "make watch RUN=a" in str(caught.value)


def test_acquiring_again_keeps_the_number(lock: Lock) -> None:
    """A plan step that is invoked twice does not fence itself off."""
    assert acquire(lock, "a") == acquire(lock, "a") == 1


def test_a_dead_holder_is_taken_over_with_a_higher_number(lock: Lock) -> None:
    """The old run can no longer do anything."""
    acquire(lock, "a")
    assert acquire(lock, "b", dead=True) == 2
    with pytest.raises(LockLostError, match="run 'b' holds it as number 2"):
        lock.check(run="a", fence=1)
    lock.check(run="b", fence=2)


def test_numbers_rise_across_releases(lock: Lock) -> None:
    """A number is never given twice."""
    acquire(lock, "a")
    assert lock.release(run="a") is True
    assert lock.holder() is None
    assert acquire(lock, "b") == 2


def test_only_the_holder_releases(lock: Lock) -> None:
    """A late close of an old run leaves the new run's lock alone."""
    acquire(lock, "a")
    acquire(lock, "b", dead=True)
    assert lock.release(run="a") is False
    lock.check(run="b", fence=2)


def test_a_released_lock_fails_the_check(lock: Lock) -> None:
    """A run that was closed cannot go on."""
    acquire(lock, "a")
    lock.release(run="a")
    with pytest.raises(LockLostError, match="nobody holds it"):
        lock.check(run="a", fence=1)


def test_a_run_that_is_fenced_off_keeps_the_lock_but_can_do_nothing(lock: Lock) -> None:
    """Closing a run first makes whatever of it is still under way worthless."""
    fence = acquire(lock, "a")
    lock.fence_off(run="a")
    with pytest.raises(LockLostError):
        lock.check(run="a", fence=fence)
    with pytest.raises(LockHeldError):
        acquire(lock, "b")


def test_only_the_holder_is_fenced_off(lock: Lock) -> None:
    """A late close of an old run leaves the new run's number alone."""
    acquire(lock, "a")
    fence = acquire(lock, "b", dead=True)
    lock.fence_off(run="a")
    lock.check(run="b", fence=fence)


def test_of_two_takeovers_at_once_one_wins(lock: Lock, dynamodb: "DynamoDBClient") -> None:
    """Whoever loses the race is refused by the winner's name."""
    acquire(lock, "a")

    def dead_but_taken_over_meanwhile(holder: Holder) -> bool:
        if holder.run == "a":
            acquire(Lock(dynamodb, table=RUN_TABLE, export="reviews"), "c", dead=True)
        return True

    with pytest.raises(LockHeldError, match="is being run by 'c'"):
        lock.acquire(run="b", execution_arn="arn:b", now=NOON, is_dead=dead_but_taken_over_meanwhile)
