"""The published pointers: announced, confirmed or withdrawn, for all members of a group or none."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from lakeshot.errors import CatalogError, LockLostError
from lakeshot.runs.keys import export_key
from lakeshot.runs.lock import Lock
from lakeshot.runs.pointers import Move, Pointer, Pointers
from tests.unit.conftest import NOON, RUN_TABLE
from tests.unit.interleaving import just_before

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

DAY_1, DAY_2 = "20261121T120000Z", "20261122T120000Z"
EXPORTS = ("reviews", "orders")


def take(client: "DynamoDBClient", export: str, run: str = "a") -> int:
    lock = Lock(client, table=RUN_TABLE, partition=export_key(export))
    fence, taking = lock.taking(run=run, execution_arn=f"arn:{run}", now=NOON)
    client.transact_write_items(TransactItems=[taking])
    return fence


@pytest.fixture
def pointers(dynamodb: "DynamoDBClient") -> Pointers:
    """Run ``a`` holds the lock of two exports under number 1."""
    for export in EXPORTS:
        take(dynamodb, export)
    return Pointers(dynamodb, table=RUN_TABLE)


def moves(snapshot: str, *exports: str, fence: int = 1) -> list[Move]:
    return [Move(export=export, snapshot=snapshot, fence=fence) for export in exports or EXPORTS]


def publish(pointers: Pointers, snapshot: str, *exports: str, fence: int = 1) -> None:
    pointers.announce(moves(snapshot, *exports, fence=fence), run="a", allow_older=False)
    pointers.confirm(moves(snapshot, *exports, fence=fence), run="a")


def test_nothing_is_published_at_first(pointers: Pointers) -> None:
    """Then no snapshot is protected."""
    assert pointers.of("reviews") == Pointer()
    assert pointers.of("reviews").protected == frozenset()


def test_announced_moves_are_known_before_they_are_done(pointers: Pointers) -> None:
    """By whom, and where to; what is shown before and after is protected."""
    publish(pointers, DAY_1, "reviews")
    attempt = pointers.announce(moves(DAY_2), run="a", allow_older=False)
    assert pointers.of("reviews") == Pointer(snapshot=DAY_1, next=DAY_2, mover="a", attempt=attempt)
    assert pointers.of("orders") == Pointer(next=DAY_2, mover="a", attempt=attempt)
    assert pointers.of("reviews").protected == {DAY_1, DAY_2}


def test_confirmed_moves_have_arrived(pointers: Pointers) -> None:
    """Nothing of the moving is left."""
    pointers.announce(moves(DAY_1), run="a", allow_older=False)
    assert not pointers.arrived(EXPORTS, DAY_1)
    pointers.confirm(moves(DAY_1), run="a")
    assert pointers.arrived(EXPORTS, DAY_1)
    assert not pointers.arrived(EXPORTS, DAY_2)
    assert [pointers.of(export) for export in EXPORTS] == [Pointer(snapshot=DAY_1)] * 2


def test_one_member_that_has_not_arrived_is_enough_not_to_be_there(pointers: Pointers) -> None:
    """A group arrives as one."""
    publish(pointers, DAY_1, "reviews")
    assert not pointers.arrived(EXPORTS, DAY_1)


def test_withdrawn_moves_leave_what_was_shown(pointers: Pointers) -> None:
    """Also where nothing was shown."""
    publish(pointers, DAY_1, "reviews")
    pointers.announce(moves(DAY_2), run="a", allow_older=False)
    pointers.withdraw(moves(DAY_2), run="a")
    assert [pointers.of(export) for export in EXPORTS] == [Pointer(snapshot=DAY_1), Pointer()]


def test_an_older_moment_of_one_member_stops_all(pointers: Pointers) -> None:
    """No view goes back in time by itself, and none of its group goes alone."""
    publish(pointers, DAY_2, "orders")
    with pytest.raises(CatalogError) as caught:
        pointers.announce(moves(DAY_1), run="a", allow_older=False)
    assert f"export 'orders' already shows snapshot {DAY_2}, which is newer than {DAY_1}" in str(caught.value)
    assert "say allow_older: true" in str(caught.value)
    assert pointers.of("reviews") == Pointer()


def test_an_older_moment_is_announced_if_that_is_allowed(pointers: Pointers) -> None:
    """Somebody said so, or rolls back."""
    publish(pointers, DAY_2)
    pointers.announce(moves(DAY_1), run="a", allow_older=True)
    pointers.confirm(moves(DAY_1), run="a")
    assert pointers.arrived(EXPORTS, DAY_1)


def test_the_moment_that_is_shown_is_not_older_than_itself(pointers: Pointers) -> None:
    """A publication that is repeated is no step back."""
    publish(pointers, DAY_1)
    publish(pointers, DAY_1)
    assert pointers.arrived(EXPORTS, DAY_1)


@pytest.mark.parametrize("lost", EXPORTS)
def test_a_lock_that_was_lost_for_one_member_stops_all(lost: str, pointers: Pointers) -> None:
    """All moves are announced in one transaction, under all locks."""
    given = [move.model_copy(update={"fence": 2}) if move.export == lost else move for move in moves(DAY_1)]
    with pytest.raises(LockLostError, match=f"run 'a' no longer holds the lock of export '{lost}'"):
        pointers.announce(given, run="a", allow_older=False)
    assert [pointers.of(export) for export in EXPORTS] == [Pointer()] * 2


@pytest.mark.parametrize("settle", [Pointers.confirm, Pointers.withdraw])
def test_a_run_that_lost_a_lock_settles_nothing(
    settle: Callable[..., None], pointers: Pointers, dynamodb: "DynamoDBClient"
) -> None:
    """Whoever fenced it off decides what becomes of the views."""
    pointers.announce(moves(DAY_1), run="a", allow_older=False)
    take(dynamodb, "orders")
    with pytest.raises(LockLostError, match="export 'orders'"):
        settle(pointers, moves(DAY_1), run="a")
    assert [pointers.of(export).next for export in EXPORTS] == [DAY_1] * 2


def test_what_was_not_announced_is_not_confirmed(pointers: Pointers) -> None:
    """Somebody put the view back meanwhile."""
    pointers.announce(moves(DAY_1), run="a", allow_older=False)
    pointers.withdraw(moves(DAY_1, "orders"), run="a")
    with pytest.raises(LockLostError, match="a published pointer of reviews, orders changed while run 'a'"):
        pointers.confirm(moves(DAY_1), run="a")
    assert pointers.of("reviews").snapshot is None


def test_a_pointer_that_changes_at_the_last_moment_is_noticed(
    pointers: Pointers, dynamodb: "DynamoDBClient"
) -> None:
    """What is shown is looked at again in the transaction."""
    with (
        just_before(dynamodb, "transact_write_items", lambda: publish(pointers, DAY_1, "orders")),
        pytest.raises(LockLostError, match="changed while run 'a' was moving it"),
    ):
        pointers.announce(moves(DAY_2), run="a", allow_older=False)
    assert [pointers.of(export) for export in EXPORTS] == [Pointer(), Pointer(snapshot=DAY_1)]


def test_announced_again_it_is_the_same_attempt(pointers: Pointers, dynamodb: "DynamoDBClient") -> None:
    """What was kept under it, before the views were moved, is not kept anew from moved views."""
    first = pointers.announce(moves(DAY_1), run="a", allow_older=False)
    for export in EXPORTS:
        take(dynamodb, export)  # the run was redriven in between
    assert pointers.announce(moves(DAY_1, fence=2), run="a", allow_older=False) == first


def test_after_an_attempt_was_withdrawn_the_next_one_is_another(
    pointers: Pointers, dynamodb: "DynamoDBClient"
) -> None:
    """The view may be another by then."""
    first = pointers.announce(moves(DAY_1), run="a", allow_older=False)
    pointers.withdraw(moves(DAY_1), run="a")
    for export in EXPORTS:
        take(dynamodb, export)
    assert pointers.announce(moves(DAY_1, fence=2), run="a", allow_older=False) != first
