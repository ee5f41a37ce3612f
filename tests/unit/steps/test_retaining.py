"""Retention removes the oldest snapshots, and never what a view may show."""

import pytest

from lakeshot.errors import LockLostError
from lakeshot.runs.pointers import Move
from tests.unit.interleaving import just_before
from tests.unit.stage import DAY_1, DAY_2, DAY_3, Stage


def keeping(stage: Stage, snapshots: int) -> None:
    kept = {"retain_snapshots": snapshots}
    stage.deployed["reviews"] = stage.deployed["reviews"].model_copy(update=kept)


def days(stage: Stage) -> list[str]:
    """The days that have data files."""
    return sorted({key.split("=")[1].split("/")[0] for key in stage.data()})


def test_data_partition_and_entry_of_the_oldest_go(stage: Stage) -> None:
    """Only as many verified snapshots stay as configured."""
    keeping(stage, 2)
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2)
    plan = stage.begin("run-3", 3)
    stage.make_ready(plan)
    stage.publish(plan)
    for _ in range(2):
        stage.retain(plan)
        assert stage.known() == [DAY_3, DAY_2]
        assert sorted(stage.lake.registered) == [DAY_2, DAY_3]
        assert days(stage) == [DAY_2, DAY_3]


def test_what_the_view_shows_stays_however_old(stage: Stage) -> None:
    """After a rollback the view shows an old snapshot."""
    keeping(stage, 1)
    for day, run in enumerate(("run-1", "run-2", "run-3"), start=1):
        stage.succeed(run, day)
    plan = stage.begin("run-4", 1, rollback=True)
    stage.catalogue(plan)
    stage.verify(plan)
    stage.publish(plan, allow_older=True)
    stage.retain(plan)
    assert (days(stage), stage.lake.shown_rows()) == ([DAY_1, DAY_3], 2)


def test_what_a_view_is_being_moved_to_stays(stage: Stage) -> None:
    """Whoever moves it has not told yet that it has arrived."""
    keeping(stage, 1)
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2)
    plan = stage.begin("run-3", 3)
    move = Move(export="reviews", snapshot=DAY_1, fence=stage.enter(plan).fence)
    stage.pointers.announce([move], run="run-3", allow_older=True)
    stage.retain(plan)
    assert stage.known() == [DAY_3, DAY_2, DAY_1]


def test_what_is_not_verified_is_not_counted(stage: Stage) -> None:
    """A run's own snapshot that is not readable yet is no reason to remove one that is."""
    keeping(stage, 1)
    stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 2)
    stage.commit(plan)
    stage.retain(plan)
    assert stage.known() == [DAY_2, DAY_1]


def test_a_snapshot_is_removed_from_its_own_generation(stage: Stage) -> None:
    """Its partition is in no other table."""
    keeping(stage, 1)
    stage.succeed("run-1", 1)
    later = stage.begin("run-2", 2)
    stage.make_ready(later)
    stage.publish(later)
    stage.snapshots().placed(DAY_1, 2, run="run-2", fence=stage.enter(later).fence)
    stage.lake.generations[DAY_1] = 2
    stage.retain(later)
    assert list(stage.lake.registered) == [DAY_2]


def test_a_removal_that_was_interrupted_is_finished_by_the_next_run(stage: Stage) -> None:
    """The snapshot was doomed, and the function died."""
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2)
    plan = stage.begin("run-3", 3)
    stage.snapshots().doom(DAY_1, run="run-3", fence=stage.enter(plan).fence)
    stage.close("run-3", cause="Lambda died")
    later = stage.begin("run-4", 4)
    stage.make_ready(later)
    stage.publish(later)
    stage.retain(later)
    assert days(stage) == [DAY_2, later.snapshot]


def test_a_run_that_lost_its_lock_removes_nothing(stage: Stage) -> None:
    """Deleting is fenced like publishing."""
    keeping(stage, 1)
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2)
    run = stage.enter(stage.begin("run-3", 3))
    stage.lock().fence_off(run="run-3")
    with pytest.raises(LockLostError):
        stage.retention.retain(run)
    assert days(stage) == [DAY_1, DAY_2]


def test_what_kept_changes_follow_is_kept(stage: Stage) -> None:
    """However old it is; once nothing needs it, it goes, changes and all."""
    keeping(stage, 1)
    stage.succeed("run-1", 1)
    for day, follows in ((2, DAY_1), (3, DAY_2)):
        plan = stage.begin(f"run-{day}", day, follows=follows)
        stage.make_ready(plan, rows_shown=2 * day)
        stage.publish(plan)
        stage.retain(plan)
        stage.report(plan)
    assert stage.known() == [DAY_3, DAY_2, DAY_1]
    whole = stage.begin("run-4", 4)
    stage.make_ready(whole)
    stage.publish(whole)
    stage.retain(whole)
    assert (stage.known(), list(stage.lake.registered)) == ([whole.snapshot], [whole.snapshot])
    assert days(stage) == [whole.snapshot]


def test_changes_from_before_a_rollback_are_not_needed_by_those_after_it(stage: Stage) -> None:
    """Both follow the snapshot that was rolled back to, and only one is shown."""
    keeping(stage, 1)
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2, follows=DAY_1, rows_shown=4)
    back = stage.begin("run-3", 1, rollback=True)
    stage.catalogue(back)
    stage.verify(back)
    stage.publish(back, allow_older=True)
    stage.report(back)
    plan = stage.begin("run-4", 3, follows=DAY_1)
    stage.make_ready(plan, rows_shown=4)
    stage.publish(plan)
    stage.retain(plan)
    assert stage.known() == [DAY_3, DAY_1]
    assert stage.lake.shown_rows() == 4


def test_another_runs_file_of_the_same_moment_stays(stage: Stage) -> None:
    """Whoever put it there, it is not the retained snapshot's."""
    keeping(stage, 1)
    plan = stage.succeed("run-1", 1)
    foreign = f"{plan.data_prefix}notes.txt"
    stage.write(foreign)
    later = stage.begin("run-2", 2)
    stage.make_ready(later)
    stage.publish(later)
    stage.retain(later)
    assert [key for key in stage.data() if DAY_1 in key] == [foreign]


def test_a_snapshot_that_another_invocation_has_removed_meanwhile_is_removed(stage: Stage) -> None:
    """The same step, invoked twice at once, goes on with what is left."""
    keeping(stage, 1)
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2)
    plan = stage.begin("run-3", 3)
    stage.make_ready(plan)
    stage.publish(plan)
    with just_before(stage.dynamodb, "transact_write_items", lambda: stage.retain(plan)):
        stage.retain(plan)
    assert stage.known() == [DAY_3]
