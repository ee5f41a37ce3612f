"""Snapshots that no query engine reads take the same way, and nothing is shown."""

import pytest

from lakeshot.errors import LockLostError, VerificationError
from lakeshot.files import FileFormat
from lakeshot.lake.group_view_sql import GroupMember, group_select
from lakeshot.runs.plan import MOST_VERIFIERS
from lakeshot.steps.publishing_group import group_view
from lakeshot.steps.verifying_readable import verify_unread
from tests.unit.stage import DAY_1, DAY_2, DAY_3, MEMBERS, Stage


@pytest.fixture
def binary(stage: Stage) -> Stage:
    """A stage whose export ``reviews`` has binary files; ``orders`` has a view, as before."""
    stage.deploy_as("reviews", FileFormat.BINARY)
    return stage


def test_the_published_snapshot_moves_without_a_view(binary: Stage) -> None:
    """The pointer says which files are good; the catalog is left alone."""
    version = binary.lake.version
    plan = binary.begin("run-1", 1)
    binary.make_ready(plan, rows=3)
    binary.publish(plan)
    binary.publish(plan)  # an answer that was lost
    binary.report(plan)
    assert (binary.published[0], binary.record("run-1").rows) == (DAY_1, 3)
    assert (binary.lake.shown(), binary.lake.version, binary.lake.staging) == (None, version, {})
    assert binary.lake.registered == {}


def test_what_engines_read_is_never_verified_without_them(stage: Stage) -> None:
    """Whatever a state machine asks for."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    with pytest.raises(VerificationError, match="although query engines read parquet files; nothing was"):
        verify_unread(stage.enter(plan))
    entry = stage.snapshots().get(DAY_1)
    assert entry is not None
    assert entry.state == "committed"


def test_a_run_that_is_closed_meanwhile_verifies_nothing(binary: Stage) -> None:
    """As where there is a view."""
    plan = binary.begin("run-1", 1)
    binary.commit(plan)
    run = binary.enter(plan)
    binary.lock().fence_off(run="run-1")
    with pytest.raises(LockLostError):
        verify_unread(run)


def test_counting_is_shared_by_as_many_functions_as_there_may_be(binary: Stage, stage: Stage) -> None:
    """Rows are found one after the other, which takes longer than reading them."""
    assert binary.begin("run-1", 1).verifiers == MOST_VERIFIERS
    assert stage.begin("run-1", 1, "orders").verifiers == 1


def test_a_group_is_published_together_with_a_member_that_has_no_view(binary: Stage) -> None:
    """All pointers move, and the views that there are."""
    binary.succeed_together("run-1", 1)
    assert (binary.published, binary.shown) == ([DAY_1, DAY_1], [None, DAY_1])


def test_a_member_without_a_view_stays_where_it_was_if_another_cannot_be_moved(binary: Stage) -> None:
    """All or none."""
    binary.succeed_together("run-1", 1)
    plans = binary.begin_group("run-2", 2)
    for plan in plans:
        binary.make_ready(plan)
    binary.lakes["orders"].rows_off_by = 1
    with pytest.raises(VerificationError):
        binary.publish(*plans)
    binary.close("run-2", group=True)
    assert (binary.published, binary.shown) == ([DAY_1, DAY_1], [None, DAY_1])
    assert [binary.pointers.of(export).next for export in MEMBERS] == [None, None]


def test_the_groups_view_tells_that_there_is_none(binary: Stage) -> None:
    """The member's moment and rows all the same."""
    plans = binary.begin_group("run-1", 1)
    for plan in plans:
        binary.make_ready(plan)
    places = (("reviews", None, None), ("orders", "orders", "snapshots_orders"))
    expected = [
        GroupMember(
            export=export,
            view=view,
            snapshot_timestamp=DAY_1,
            snapshots_table=table,
            row_count=2,
            moment=plans[0].moment,
            moment_from="the run's start",
        )
        for export, view, table in places
    ]
    made = group_view([binary.enter(plan) for plan in plans], binary.view_of_group, fence=1)
    assert made.select == group_select(expected)
    assert "(CAST('reviews' AS varchar), CAST(NULL AS varchar)" in made.select


def test_old_files_are_removed_whichever_format_they_have(binary: Stage) -> None:
    """The catalog of those that were readable is cleaned up, too."""
    binary.deploy_as("reviews", FileFormat.PARQUET)
    binary.lake.replace(binary.lake.stage_nothing(), fence=0)
    binary.succeed("run-1", 1)
    binary.deploy_as("reviews", FileFormat.BINARY)
    binary.succeed("run-2", 2)
    binary.deployed["reviews"] = binary.deployed["reviews"].model_copy(update={"retain_snapshots": 1})
    plan = binary.begin("run-3", 3)
    binary.make_ready(plan)
    binary.publish(plan)
    binary.retain(plan)
    assert binary.known() == [DAY_3]
    assert binary.lake.registered == {}
    assert {key.split("/")[1] for key in binary.data()} == {f"snapshot_timestamp={DAY_3}"}


def test_a_readable_snapshot_follows_those_that_were_not(binary: Stage) -> None:
    """It is the first in the catalog, whatever was published before."""
    binary.succeed("run-1", 1)
    binary.deploy_as("reviews", FileFormat.PARQUET)
    binary.lake.replace(binary.lake.stage_nothing(), fence=0)
    binary.succeed("run-2", 2)
    assert (binary.published[0], binary.shown[0]) == (DAY_2, DAY_2)
    assert binary.lake.generations == {DAY_2: 1}


def test_an_earlier_snapshot_is_published_again(binary: Stage) -> None:
    """A rollback moves the pointer alone."""
    binary.succeed("run-1", 1)
    binary.succeed("run-2", 2)
    plan = binary.begin("run-3", 1, rollback=True)
    verify_unread(binary.enter(plan))
    binary.publish(plan)
    assert (binary.published[0], binary.lake.shown()) == (DAY_1, None)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ([], "Nothing was published yet, and there is no view."),
        ([1], f"Snapshot {DAY_1} is the published one, as before; there is no view."),
    ],
)
def test_a_run_that_fails_leaves_nothing_and_tells_of_no_view(
    days: list[int], told: str, binary: Stage
) -> None:
    """Its files are removed, and what was published stays."""
    for day in days:
        binary.succeed(f"run-{day}", day)
    plan = binary.begin("run-2", 2)
    binary.make_ready(plan)
    binary.close("run-2")
    assert (binary.known(), len(binary.data())) == ([DAY_1] * len(days), len(days))
    assert f"Still safe: {told}\n" in binary.notices[0][1]


def test_a_run_that_fails_after_it_published_says_so(binary: Stage) -> None:
    """Its own snapshot is the published one."""
    plan = binary.begin("run-1", 1)
    binary.runs.update("reviews", "run-1", snapshot=DAY_1)
    binary.make_ready(plan)
    binary.publish(plan)
    binary.close("run-1")
    assert f"Snapshot {DAY_1} is the published one, this run's own, verified and" in binary.notices[0][1]
