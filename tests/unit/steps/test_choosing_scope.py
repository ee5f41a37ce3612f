"""How much a run of kind ``changes`` exports, and why."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lakeshot.columns.types import DECIMAL, JSON, STRING, Column, ColumnType
from lakeshot.config.deployed import Deployed
from lakeshot.dynamodb.recovery import Recovery
from lakeshot.dynamodb.windows import OVERLAP, SETTLED, SHORTEST
from lakeshot.errors import PayloadError, SourceError
from lakeshot.steps.choosing_scope import MOST_LINKS, MOST_SCHEMAS, Published, Scope, choose_scope
from tests.unit.conftest import NOON
from tests.unit.stage import DAY_1, Stage

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
PRICE = Column(name="price", source="Price", type=DECIMAL)


def published(*, links: int = 3, schemas: int = 1, began: datetime = NOON - DAY) -> Published:
    return Published(snapshot=DAY_1, moment=NOON, began=began, links=links, schemas=schemas, columns=(PRICE,))


WHOLE = published(links=0, schemas=0)


@pytest.fixture
def changes(stage: Stage) -> Deployed:
    return stage.deployed["reviews"].model_copy(
        update={"kind": "changes", "full_every_days": 7, "route": "native"}
    )


def choose(
    changes: Deployed,
    shown: Published | None,
    *,
    earliest: datetime = NOON - 30 * DAY,
    started_at: datetime = NOON + DAY,
    **asked: object,
) -> Scope:
    payload = changes.payload().model_copy(update=asked)
    return choose_scope(payload, changes, shown, Recovery(earliest=earliest), started_at=started_at)


def test_changes_follow_what_is_published(changes: Deployed) -> None:
    """From the moment that the view shows."""
    scope = choose(changes, published())
    assert (scope.since, scope.compared_with) == (published(), None)
    assert scope.why == f"the changes since snapshot {DAY_1}"


def test_the_first_run_exports_the_whole_table(changes: Deployed) -> None:
    """There is nothing that changes could follow."""
    scope = choose(changes, None)
    assert (scope.since, scope.why) == (
        None,
        "the whole table: nothing is published yet that changes could follow",
    )


def test_the_whole_table_is_exported_again_when_it_is_due(changes: Deployed) -> None:
    """Counted from the last whole one, in days."""
    start = NOON - 6 * DAY
    early = start + 7 * DAY - timedelta(minutes=31)
    assert choose(changes, published(began=start), started_at=early).since is not None
    # A schedule comes some seconds early at times, which must not put it off until the next.
    due = choose(changes, published(began=start), started_at=early + MINUTE)
    assert (due.since, due.why) == (
        None,
        "the whole table: the last whole one is of 20261115T120000Z, and one is due every 7 days",
    )


def test_a_gap_within_the_recovery_is_filled_by_windows(changes: Deployed) -> None:
    """However many runs are missing."""
    scope = choose(changes, published(), started_at=NOON + 3 * DAY)
    moment = scope.earliest_moment(NOON + 3 * DAY)
    windows = scope.windows(moment)
    assert (windows[0].begins, windows[-1].ends) == (NOON - OVERLAP, NOON + 3 * DAY - SETTLED)
    assert all(SHORTEST <= window.ends - window.begins <= DAY for window in windows)
    assert [after.begins for after in windows[1:]] == [before.repeated_from for before in windows[:-1]]


def test_a_gap_beyond_the_recovery_is_filled_by_the_whole_table(changes: Deployed) -> None:
    """What was written before it begins cannot be told any more."""
    earliest = NOON - OVERLAP + timedelta(seconds=1)
    scope = choose(changes, published(), earliest=earliest)
    assert (scope.since, scope.windows(NOON + DAY)) == (None, ())
    assert scope.why == (
        "the whole table: changes are needed from 20261121T115800Z on, and point-in-time recovery goes back "
        "to 20261121T115801Z only"
    )
    assert choose(changes, WHOLE, earliest=earliest).since == WHOLE  # no overlap with a whole one


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (published(links=MOST_LINKS), "500 snapshots of changes follow the last whole one"),
        (published(schemas=MOST_SCHEMAS), "the columns have changed 8 times since the last whole one"),
    ],
)
def test_a_chain_does_not_grow_for_ever(shown: Published, why: str, changes: Deployed) -> None:
    """A view's query has a length, and each set of columns is a scan of its own."""
    assert choose(changes, shown).why == f"the whole table: {why}"


def test_the_query_over_many_columns_does_not_grow_beyond_what_athena_takes(changes: Deployed) -> None:
    """Fewer sets of columns are joined, and at some point not even one."""
    columns = tuple(
        Column(name=f"a_column_{number:04}", source=f"a_column_{number:04}", type=STRING)
        for number in range(610)
    )
    wide = replace(published(schemas=3), columns=columns)
    assert choose(changes, replace(wide, schemas=2)).since is not None
    assert choose(changes, wide).why == (
        "the whole table: the view's query could become too long with 610 columns"
    )
    with pytest.raises(SourceError, match=r"has 1,830 columns, too many for a view .* kind: snapshot"):
        choose(changes, replace(wide, columns=columns * 3))


@pytest.mark.parametrize(("pin", "is_whole"), [(DECIMAL, False), (STRING, True), (JSON, True)])
def test_a_new_pin_begins_with_the_whole_table(pin: ColumnType, is_whole: bool, changes: Deployed) -> None:
    """What was published before may not fit it."""
    scope = choose(changes.model_copy(update={"types": {"Price": pin, "New": JSON}}), published())
    assert (scope.since is None) == is_whole
    if is_whole:
        assert "attribute 'Price' is pinned to another type" in scope.why


def test_the_whole_table_is_exported_on_request(changes: Deployed) -> None:
    """Before it is due."""
    assert choose(changes, published(), full=True).why == "the whole table: full: true"


def test_changes_do_not_follow_a_scan(changes: Deployed) -> None:
    """What it shows was never there at once."""
    scanned = replace(published(), of_one_instant=False)
    assert choose(changes, scanned).why == (
        "the whole table: what is published was scanned, which shows no one instant"
    )


# Moments.


def test_a_window_ends_some_time_ago(changes: Deployed) -> None:
    """So that what was written before is there."""
    scope = choose(changes, published())
    started_at = NOON + DAY + timedelta(microseconds=7)
    assert scope.earliest_moment(started_at) == NOON + DAY - SETTLED
    assert choose(changes, None).earliest_moment(started_at) == NOON + DAY


@pytest.mark.parametrize(
    ("shown", "earliest"), [(published(), NOON + SHORTEST - OVERLAP), (WHOLE, NOON + SHORTEST)]
)
def test_a_run_right_after_another_waits_for_the_shortest_window(
    shown: Published, earliest: datetime, changes: Deployed
) -> None:
    """DynamoDB exports 15 minutes at least."""
    scope = choose(changes, shown, started_at=NOON + MINUTE)
    assert scope.earliest_moment(NOON + MINUTE) == earliest
    assert scope.windows(earliest)[0].ends == earliest


def test_a_moment_that_is_asked_for_too_early_is_refused(changes: Deployed) -> None:
    """With the earliest there is."""
    scope = choose(changes, WHOLE)
    with pytest.raises(
        PayloadError, match=r"moment 20261121T121459Z is too early: .* up to 20261121T121500Z"
    ):
        scope.windows(NOON + SHORTEST - timedelta(seconds=1))


# Checks.


def test_a_check_exports_the_whole_table_as_of_the_published_moment(changes: Deployed) -> None:
    """Only so must the rows be the same."""
    scope = choose(changes, published(), mode="check")
    assert (scope.compared_with, scope.since) == (published(), None)
    assert scope.earliest_moment(NOON + DAY) == NOON


@pytest.mark.parametrize("told", ["was scanned", "attribute 'Price' is pinned to another type"])
def test_what_would_differ_anyway_is_not_checked(told: str, changes: Deployed) -> None:
    """It would blame somebody who has done nothing."""
    shown = replace(published(), of_one_instant="scanned" not in told)
    with pytest.raises(PayloadError, match=f"cannot be checked: .*{told}.* Run the export, then check it"):
        choose(changes.model_copy(update={"types": {"Price": STRING}}), shown, mode="check")


def test_nothing_published_cannot_be_checked(changes: Deployed) -> None:
    """It says what to do first."""
    with pytest.raises(PayloadError, match=r"has published nothing yet .* make run EXPORT=reviews"):
        choose(changes, None, mode="check")


def test_a_moment_beyond_the_recovery_cannot_be_checked(changes: Deployed) -> None:
    """DynamoDB cannot export the table as of then any more."""
    with pytest.raises(PayloadError, match=r"cannot be checked: .* goes back to 20261121T120100Z only"):
        choose(changes, published(), earliest=NOON + MINUTE, mode="check")
