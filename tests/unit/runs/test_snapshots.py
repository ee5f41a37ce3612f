"""Snapshots are claimed, committed, placed, verified and doomed under the lock."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lakeshot.errors import LockLostError, RunGoneError
from lakeshot.runs.keys import export_key
from lakeshot.runs.lock import Lock
from lakeshot.runs.pointers import Move, Pointers
from lakeshot.runs.snapshots import Snapshot, Snapshots, claim_together
from tests.unit.conftest import NOON, RUN_TABLE
from tests.unit.interleaving import just_before

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

OLD, NEW = "20261121T120000Z", "20261122T120000Z"
DAY = timedelta(days=1)


def held(client: "DynamoDBClient", export: str = "reviews") -> Snapshots:
    """The snapshots of an export whose lock run ``a`` holds under number 1."""
    lock = Lock(client, table=RUN_TABLE, partition=export_key(export))
    _, taking = lock.taking(run="a", execution_arn="arn:a", now=NOON)
    client.transact_write_items(TransactItems=[taking])
    return Snapshots(client, table=RUN_TABLE, export=export)


@pytest.fixture
def snapshots(dynamodb: "DynamoDBClient") -> Snapshots:
    return held(dynamodb)


@pytest.fixture
def pointers(dynamodb: "DynamoDBClient") -> Pointers:
    return Pointers(dynamodb, table=RUN_TABLE)


def committed(name: str = OLD, run: str = "a") -> Snapshot:
    return Snapshot(
        snapshot=name,
        run=run,
        state="committed",
        manifest=f"s3://b/{name}",
        manifest_sha256="5ha",
        schema_fingerprint="f",
        rows=2,
        bytes_written=10,
    )


def state(snapshots: Snapshots, name: str = OLD) -> str | None:
    entry = snapshots.get(name)
    return entry.state if entry else None


def test_a_claimed_moment_is_its_own_runs_only(snapshots: Snapshots) -> None:
    """Claiming again changes nothing; another run is refused."""
    assert snapshots.claim(run="a", moment=NOON)
    assert snapshots.claim(run="a", moment=NOON)
    assert not snapshots.claim(run="b", moment=NOON)
    assert snapshots.get(OLD) == Snapshot(snapshot=OLD, run="a", state="claimed")


def test_a_claim_is_given_up_by_its_own_run_only(snapshots: Snapshots) -> None:
    """Then the moment is anybody's."""
    snapshots.claim(run="a", moment=NOON)
    snapshots.unclaim(run="b", moment=NOON)
    assert state(snapshots) == "claimed"
    snapshots.unclaim(run="a", moment=NOON)
    assert snapshots.claim(run="b", moment=NOON)


def test_what_was_committed_is_not_given_up(snapshots: Snapshots) -> None:
    """Its files are there; only removing them makes the moment free."""
    snapshots.claim(run="a", moment=NOON)
    snapshots.committed(committed(), fence=1)
    snapshots.unclaim(run="a", moment=NOON)
    assert state(snapshots) == "committed"


def test_members_claim_one_moment_in_whole_seconds(dynamodb: "DynamoDBClient", snapshots: Snapshots) -> None:
    """A partition value has no fractions."""
    both = [snapshots, held(dynamodb, "orders")]
    assert claim_together(both, run="a", moment=NOON + timedelta(microseconds=7)) == NOON
    assert [state(one) for one in both] == ["claimed", "claimed"]


def test_members_move_on_together_when_one_of_them_has_the_moment_taken(
    dynamodb: "DynamoDBClient", snapshots: Snapshots
) -> None:
    """No claim is left where the run is not going to write."""
    orders = held(dynamodb, "orders")
    orders.claim(run="b", moment=NOON)
    orders.claim(run="b", moment=NOON + timedelta(seconds=1))
    later = NOON + timedelta(seconds=2)
    assert claim_together([snapshots, orders], run="a", moment=NOON) == later
    assert [entry.snapshot for entry in snapshots.all()] == ["20261121T120002Z"]
    assert [entry.run for entry in orders.all()] == ["a", "b", "b"]
    assert claim_together([snapshots, orders], run="a", moment=later) == later


def test_a_snapshot_is_known_with_what_was_committed(snapshots: Snapshots) -> None:
    """By its manifest, its digest, its schema and its size."""
    snapshots.claim(run="a", moment=NOON)
    snapshots.committed(committed(), fence=1)
    assert snapshots.get(OLD) == committed()


def test_changes_are_known_with_what_they_follow(snapshots: Snapshots) -> None:
    """Without it, no view could show them."""
    snapshots.claim(run="a", moment=NOON + DAY)
    changes = committed(NEW).model_copy(update={"follows": OLD})
    snapshots.committed(changes, fence=1)
    assert snapshots.get(NEW) == changes


def test_a_snapshot_is_placed_and_verified(snapshots: Snapshots) -> None:
    """What was known of it before stays known."""
    snapshots.claim(run="a", moment=NOON)
    snapshots.committed(committed(), fence=1)
    snapshots.placed(OLD, 2, run="a", fence=1)
    snapshots.verified(OLD, rows_shown=2, run="a", fence=1)
    placed = {"state": "verified", "generation": 2, "rows_shown": 2}
    assert snapshots.get(OLD) == committed().model_copy(update=placed)


CHANGES: list[Callable[[Snapshots, int], None]] = [
    lambda snapshots, fence: snapshots.committed(committed(), fence=fence),
    lambda snapshots, fence: snapshots.placed(OLD, 1, run="a", fence=fence),
    lambda snapshots, fence: snapshots.verified(OLD, rows_shown=2, run="a", fence=fence),
    lambda snapshots, fence: snapshots.doom(OLD, run="a", fence=fence),
]
NAMES = ["committed", "placed", "verified", "doom"]


@pytest.mark.parametrize("change", CHANGES, ids=NAMES)
def test_a_run_that_lost_the_lock_changes_nothing(
    change: Callable[[Snapshots, int], None], snapshots: Snapshots
) -> None:
    """The lock is checked in the same transaction."""
    snapshots.claim(run="a", moment=NOON)
    before = snapshots.get(OLD)
    with pytest.raises(LockLostError, match="run 'a' no longer holds the lock"):
        change(snapshots, 2)
    assert snapshots.get(OLD) == before


@pytest.mark.parametrize("change", CHANGES, ids=NAMES)
def test_a_snapshot_that_was_removed_does_not_come_back(
    change: Callable[[Snapshots, int], None], snapshots: Snapshots
) -> None:
    """Closing the run before it was redriven took it away."""
    with pytest.raises(RunGoneError, match="when a run ends without success, its files are removed"):
        change(snapshots, 1)
    assert snapshots.all() == []


@pytest.mark.parametrize("change", CHANGES[:-1], ids=NAMES[:-1])
def test_a_doomed_snapshot_becomes_nothing_else(
    change: Callable[[Snapshots, int], None], snapshots: Snapshots
) -> None:
    """Its files may be gone already, so it must not look like one that can be shown."""
    snapshots.claim(run="a", moment=NOON)
    snapshots.doom(OLD, run="a", fence=1)
    with pytest.raises(RunGoneError, match="when a run ends without success, its files are removed"):
        change(snapshots, 1)
    assert snapshots.get(OLD) == Snapshot(snapshot=OLD, run="a", state="doomed")


def test_a_doomed_moment_is_not_claimed_again(snapshots: Snapshots) -> None:
    """Not even by the run whose it was: whoever removes its files would remove the new ones."""
    snapshots.claim(run="a", moment=NOON)
    snapshots.doom(OLD, run="a", fence=1)
    assert not snapshots.claim(run="a", moment=NOON)
    assert not snapshots.claim(run="b", moment=NOON)
    assert state(snapshots) == "doomed"


def test_a_doomed_snapshot_is_about_to_be_removed(snapshots: Snapshots) -> None:
    """Saying so again changes nothing."""
    snapshots.claim(run="a", moment=NOON)
    snapshots.doom(OLD, run="a", fence=1)
    snapshots.doom(OLD, run="a", fence=1)
    assert state(snapshots) == "doomed"


def test_what_a_view_shows_is_not_doomed(snapshots: Snapshots, pointers: Pointers) -> None:
    """However long whoever wants to remove it was paused."""
    move = Move(export="reviews", snapshot=OLD, fence=1)
    snapshots.claim(run="a", moment=NOON)
    pointers.announce([move], run="a", allow_older=False)
    with pytest.raises(LockLostError, match="was changed by somebody else"):
        snapshots.doom(OLD, run="a", fence=1)
    pointers.confirm([move], run="a")
    with pytest.raises(LockLostError, match="was changed by somebody else"):
        snapshots.doom(OLD, run="a", fence=1)
    assert state(snapshots) == "claimed"


def test_a_view_that_is_moved_at_the_last_moment_saves_its_snapshot(
    snapshots: Snapshots, pointers: Pointers, dynamodb: "DynamoDBClient"
) -> None:
    """The pointer is looked at in the very transaction that dooms."""
    snapshots.claim(run="a", moment=NOON)
    move = Move(export="reviews", snapshot=OLD, fence=1)
    with (
        just_before(
            dynamodb,
            "transact_write_items",
            lambda: pointers.announce([move], run="a", allow_older=False),
        ),
        pytest.raises(LockLostError),
    ):
        snapshots.doom(OLD, run="a", fence=1)
    assert state(snapshots) == "claimed"


def test_what_a_view_no_longer_shows_is_doomed(snapshots: Snapshots, pointers: Pointers) -> None:
    """A pointer to another snapshot protects that one only."""
    snapshots.claim(run="a", moment=NOON)
    for name in (OLD, NEW):
        move = Move(export="reviews", snapshot=name, fence=1)
        pointers.announce([move], run="a", allow_older=False)
        pointers.confirm([move], run="a")
    snapshots.doom(OLD, run="a", fence=1)
    assert state(snapshots) == "doomed"


def test_snapshots_are_listed_newest_first_and_forgotten(snapshots: Snapshots) -> None:
    """Retention keeps the first ones of the list; what is forgotten is none any more."""
    snapshots.claim(run="a", moment=NOON)
    snapshots.claim(run="a", moment=NOON + DAY)
    assert [snapshot.snapshot for snapshot in snapshots.all()] == [NEW, OLD]
    snapshots.forget(OLD)
    assert [snapshot.snapshot for snapshot in snapshots.all()] == [NEW]
    assert snapshots.get(OLD) is None


def test_a_forgotten_moment_stays_taken(snapshots: Snapshots, dynamodb: "DynamoDBClient") -> None:
    """Whoever was paused while removing the snapshot must not find another one there; some day it expires."""
    snapshots.claim(run="a", moment=NOON)
    snapshots.forget(OLD)
    assert not snapshots.claim(run="a", moment=NOON)
    assert not snapshots.claim(run="b", moment=NOON)
    assert claim_together([snapshots], run="b", moment=NOON) == NOON + timedelta(seconds=1)
    with pytest.raises(RunGoneError):
        snapshots.doom(OLD, run="a", fence=1)
    (item,) = [one for one in dynamodb.scan(TableName=RUN_TABLE)["Items"] if "expires_at" in one]
    assert item["sk"]["S"] == f"snapshot#{OLD}"
