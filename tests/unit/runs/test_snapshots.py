"""Claims, verified snapshots and the published pointer."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lakeshot.errors import CatalogError, LockLostError
from lakeshot.runs.lock import Lock
from lakeshot.runs.snapshots import Snapshot, Snapshots
from tests.unit.conftest import NOON, RUN_TABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

OLD, NEW = "20261121T120000Z", "20261122T120000Z"


@pytest.fixture
def snapshots(dynamodb: "DynamoDBClient") -> Snapshots:
    Lock(dynamodb, table=RUN_TABLE, export="reviews").acquire(
        run="a", execution_arn="arn:a", now=NOON, is_dead=lambda _: False
    )
    return Snapshots(dynamodb, table=RUN_TABLE, export="reviews")


def verified(name: str, run: str = "a") -> Snapshot:
    return Snapshot(
        snapshot=name, run=run, state="verified", manifest=f"s3://b/{name}", rows=2, bytes_written=10
    )


def test_a_moment_is_claimed_in_whole_seconds(snapshots: Snapshots) -> None:
    """A partition value has no fractions."""
    assert snapshots.claim(run="a", moment=NOON + timedelta(microseconds=7)) == NOON


def test_a_claimed_moment_is_free_for_its_own_run_only(snapshots: Snapshots) -> None:
    """Planning twice gives one moment, planning another run gives the next."""
    snapshots.claim(run="a", moment=NOON)
    assert snapshots.claim(run="a", moment=NOON) == NOON
    assert snapshots.claim(run="b", moment=NOON) == NOON + timedelta(seconds=1)


def test_publishing_moves_the_pointer_and_tells_the_previous(snapshots: Snapshots) -> None:
    """What was shown before can be shown again."""
    snapshots.verified(verified(OLD), fence=1)
    assert snapshots.publish(OLD, run="a", fence=1) is None
    assert snapshots.publish(NEW, run="a", fence=1) == OLD
    assert snapshots.published() == NEW


def test_publishing_twice_changes_nothing(snapshots: Snapshots) -> None:
    """A publish step that is invoked again knows the same previous snapshot."""
    snapshots.publish(OLD, run="a", fence=1)
    snapshots.publish(NEW, run="a", fence=1)
    assert snapshots.publish(NEW, run="a", fence=1) == OLD


def test_an_older_moment_is_refused(snapshots: Snapshots) -> None:
    """The view never goes back in time by itself."""
    snapshots.publish(NEW, run="a", fence=1)
    with pytest.raises(CatalogError, match=f"already shows snapshot {NEW}, which is newer than {OLD}"):
        snapshots.publish(OLD, run="a", fence=1)
    assert snapshots.published() == NEW


def test_a_run_without_the_lock_publishes_nothing(snapshots: Snapshots) -> None:
    """The lock is checked in the same transaction."""
    with pytest.raises(LockLostError, match="run 'b' no longer holds the lock"):
        snapshots.publish(OLD, run="b", fence=1)
    with pytest.raises(LockLostError):
        snapshots.verified(verified(OLD), fence=2)
    assert snapshots.published() is None
    assert snapshots.all() == []


def test_unpublishing_shows_the_previous_again(snapshots: Snapshots) -> None:
    """A publication that fails half-way leaves no trace."""
    snapshots.publish(OLD, run="a", fence=1)
    snapshots.publish(NEW, run="a", fence=1)
    assert snapshots.unpublish(NEW, run="a", fence=1) == OLD
    assert snapshots.published() == OLD


def test_unpublishing_the_first_leaves_nothing_published(snapshots: Snapshots) -> None:
    """There was nothing before it."""
    snapshots.publish(OLD, run="a", fence=1)
    assert snapshots.unpublish(OLD, run="a", fence=1) is None
    assert snapshots.published() is None


def test_snapshots_are_listed_newest_first_and_forgotten(snapshots: Snapshots) -> None:
    """Retention keeps the first ones of the list."""
    snapshots.verified(verified(OLD), fence=1)
    snapshots.verified(verified(NEW), fence=1)
    assert [snapshot.snapshot for snapshot in snapshots.all()] == [NEW, OLD]
    snapshots.forget(OLD)
    assert snapshots.all() == [verified(NEW)]
