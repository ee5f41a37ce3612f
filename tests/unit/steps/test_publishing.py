"""Views are moved all or none, and whatever is interrupted is put back."""

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from lakeshot.errors import CatalogError, LockLostError, RunGoneError, VerificationError
from lakeshot.lake.group_view_sql import empty_group_select
from lakeshot.runs.plan import Plan
from lakeshot.runs.pointers import Pointer
from tests.unit.interleaving import just_before
from tests.unit.stage import DAY_1, DAY_2, MEMBERS, Stage

if TYPE_CHECKING:
    from lakeshot.lake.view import ViewDefinition


def ready(stage: Stage, run: str = "run-2", day: int = 2, rows: int = 3) -> Plan:
    plan = stage.begin(run, day)
    stage.make_ready(plan, rows)
    return plan


def ready_together(stage: Stage, run: str = "run-2", day: int = 2) -> list[Plan]:
    plans = stage.begin_group(run, day)
    for plan in plans:
        stage.make_ready(plan)
    return plans


def group_query(stage: Stage) -> str:
    shown: ViewDefinition | None = stage.group_view.shown()
    assert shown is not None
    return shown.original_text


def unsettled(stage: Stage) -> list[str | None]:
    return [stage.pointers.of(export).next for export in MEMBERS]


def interrupted(stage: Stage, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """A publication whose function dies after the view was moved."""

    def die() -> int:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(stage.lake, "shown_rows", die)
        with pytest.raises(SystemExit):
            stage.publish(plan)


def out_of_reach() -> None:
    """What the run table answers in the middle of a publication."""
    raise ClientError({"Error": {"Code": "InternalServerError", "Message": "?"}}, "TransactWriteItems")


def test_publishing_moves_pointer_and_view(stage: Stage) -> None:
    """Both say the same snapshot, and nothing stays staged."""
    stage.succeed("run-1", 1)
    stage.publish(ready(stage))
    assert (stage.published[0], stage.shown[0], stage.lake.shown_rows()) == (DAY_2, DAY_2, 3)
    assert stage.lake.staging == {}
    assert unsettled(stage) == [None, None]


def test_the_view_carries_the_number_of_the_run(stage: Stage) -> None:
    """So that whoever lost the lock cannot move it any more."""
    plan = ready(stage)
    stage.publish(plan)
    assert stage.lake.fence == stage.enter(plan).fence


def test_publishing_again_changes_nothing(stage: Stage) -> None:
    """A step whose answer was lost is invoked again; the view is not even written."""
    plan = ready(stage)
    stage.publish(plan)
    version = stage.lake.version
    stage.publish(plan)
    assert (stage.shown[0], stage.lake.version) == (DAY_2, version)


def test_a_view_that_cannot_be_moved_shows_what_it_showed(stage: Stage) -> None:
    """Not only errors of our own may come between pointer and view."""
    stage.succeed("run-1", 1)
    plan = ready(stage)
    stage.lake.refused.add(DAY_2)
    with pytest.raises(ClientError, match="slow down"):
        stage.publish(plan)
    assert (stage.published[0], stage.shown[0], unsettled(stage)) == (DAY_1, DAY_1, [None, None])


def test_a_view_that_shows_other_rows_is_moved_back(stage: Stage) -> None:
    """The first publication leaves an empty view, as before."""
    plan = ready(stage)
    stage.lake.rows_off_by = 1
    with pytest.raises(
        VerificationError, match=f"shows 4 rows after it was moved to snapshot {DAY_2}, which"
    ):
        stage.publish(plan)
    assert (stage.published[0], stage.shown[0]) == (None, None)
    assert stage.lake.shown() == stage.lake.stage_nothing()


def test_a_view_of_changes_has_to_show_what_was_counted(stage: Stage) -> None:
    """Which is neither the changes' number nor that of the whole snapshot that they follow."""
    stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 2, follows=DAY_1)
    stage.make_ready(plan, rows=3, rows_shown=5)
    stage.publish(plan)
    assert (stage.published[0], stage.shown[0], stage.lake.shown_rows()) == (DAY_2, DAY_2, 5)


def test_a_snapshot_of_an_earlier_version_shows_its_own_rows(stage: Stage) -> None:
    """Nobody had counted what its view shows."""
    plan = ready(stage)
    item = stage.tables.items["export#reviews", f"snapshot#{DAY_2}"]
    del item["rows_shown"]
    stage.publish(plan)
    assert (stage.shown[0], stage.lake.shown_rows()) == (DAY_2, 3)


def test_a_publication_that_failed_may_be_tried_again(stage: Stage) -> None:
    """What was staged is still there."""
    plan = ready(stage)
    stage.lake.rows_off_by = 1
    with pytest.raises(VerificationError):
        stage.publish(plan)
    stage.lake.rows_off_by = 0
    stage.publish(plan)
    assert (stage.published[0], stage.shown[0]) == (DAY_2, DAY_2)


def test_a_view_that_was_removed_is_made_again(stage: Stage) -> None:
    """And if publishing fails, it shows no rows, as an export's view does that has published nothing."""
    plan = ready(stage)
    stage.lake.drop_view()
    stage.lake.rows_off_by = 1
    with pytest.raises(VerificationError):
        stage.publish(plan)
    assert stage.lake.shown() == stage.lake.stage_nothing()
    stage.lake.rows_off_by = 0
    stage.publish(plan)
    assert stage.shown[0] == DAY_2


def test_a_groups_view_that_was_removed_is_made_again(stage: Stage) -> None:
    """And if publishing fails after it was moved, it tells of no snapshot, because none is published."""
    plans = ready_together(stage)
    stage.group_view.drop()
    with (
        just_before(stage.dynamodb, "transact_write_items", out_of_reach, call=5),
        pytest.raises(ClientError),
    ):
        stage.publish(*plans)
    assert (stage.published, stage.shown) == ([None, None], [None, None])
    assert group_query(stage) == empty_group_select()
    stage.publish(*plans)
    assert f"'{DAY_2}'" in group_query(stage)


def test_a_staged_view_that_somebody_touched_is_not_published(stage: Stage) -> None:
    """Only what was read and verified takes the real view's place."""
    stage.succeed("run-1", 1)
    plan = ready(stage)
    stage.lake.staging["run-2"] = stage.lake.staging["run-2"].model_copy(update={"snapshot": DAY_1})
    with pytest.raises(CatalogError, match=rf"shows snapshot {DAY_1}, not {DAY_2}.*Find out who changed it"):
        stage.publish(plan)
    assert (stage.published[0], stage.shown[0]) == (DAY_1, DAY_1)


def test_a_rollback_that_was_closed_cannot_publish_when_it_is_redriven(stage: Stage) -> None:
    """Its snapshot is still there, but closing has removed the view it had staged; a new one succeeds."""
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2)
    plan = stage.begin("run-3", 1, rollback=True)
    stage.catalogue(plan)
    stage.verify(plan)
    stage.close("run-3", status="ABORTED", cause="stopped by ana")
    with pytest.raises(
        RunGoneError, match=r"'run-3' had staged for export 'reviews' is gone.*start a new run"
    ):
        stage.publish(plan, redrive=1)
    assert (stage.published[0], stage.shown[0], unsettled(stage)) == (DAY_2, DAY_2, [None, None])
    stage.close("run-3", redrive=1, cause="gone")
    again = stage.begin("run-4", 1, rollback=True)
    stage.catalogue(again)
    stage.verify(again)
    stage.publish(again)
    assert stage.shown[0] == DAY_1


def test_a_rollback_that_is_redriven_before_it_published_shows_its_snapshot(stage: Stage) -> None:
    """Closing took nothing away that its earlier steps do not make again."""
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2)
    plan = stage.begin("run-3", 1, rollback=True)
    stage.close("run-3", status="ABORTED", cause="stopped by ana")
    stage.catalogue(plan, redrive=1)
    stage.verify(plan, redrive=1)
    stage.publish(plan, redrive=1)
    assert (stage.published[0], stage.shown[0], stage.lake.staging) == (DAY_1, DAY_1, {})


def test_an_older_moment_does_not_move_the_view_back(stage: Stage) -> None:
    """A late run of yesterday ends with an error, unless somebody said that it may."""
    stage.succeed("run-2", 2)
    plan = ready(stage, "run-1", 1)
    version = stage.lake.version
    with pytest.raises(CatalogError, match="which is newer than"):
        stage.publish(plan)
    assert (stage.shown[0], stage.lake.version) == (DAY_2, version)
    stage.publish(plan, allow_older=True)
    assert (stage.published[0], stage.shown[0]) == (DAY_1, DAY_1)


def test_a_rollback_shows_a_retained_snapshot_again(stage: Stage) -> None:
    """Which another run wrote."""
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2, rows=5)
    plan = stage.begin("run-3", 1, rollback=True)
    stage.catalogue(plan)
    stage.verify(plan)
    stage.publish(plan, allow_older=plan.allow_older)
    assert (stage.published[0], stage.shown[0], stage.lake.shown_rows()) == (DAY_1, DAY_1, 2)


def test_a_group_is_rolled_back_although_one_member_shows_the_snapshot_already(stage: Stage) -> None:
    """Another member was run by itself since, and its view alone has to go back."""
    stage.succeed_together("run-1", 1)
    stage.succeed("run-2", 2, export="orders")
    plans = stage.begin_group("run-3", 1, rollback=True)
    for plan in plans:
        stage.catalogue(plan)
        stage.verify(plan)
    assert stage.shown == [DAY_1, DAY_2]
    stage.publish(*plans, allow_older=True)
    assert (stage.published, stage.shown) == ([DAY_1, DAY_1], [DAY_1, DAY_1])
    assert [stage.lakes[export].staging for export in MEMBERS] == [{}, {}]


def test_a_group_is_published_as_one(stage: Stage) -> None:
    """Every member's view and pointer, and the group's view, which tells what belongs together."""
    stage.publish(*ready_together(stage))
    assert (stage.published, stage.shown) == ([DAY_2, DAY_2], [DAY_2, DAY_2])
    assert [name in group_query(stage) for name in ("'reviews'", "'orders'", f"'{DAY_2}'")] == [True] * 3
    assert [stage.lakes[export].staging for export in MEMBERS] == [{}, {}]
    assert stage.group_view.staged("run-2") is None


@pytest.mark.parametrize("failing", MEMBERS)
def test_any_view_that_fails_puts_all_back(failing: str, stage: Stage) -> None:
    """Neither another member's view nor the group's may tell of a snapshot that is not published."""
    stage.succeed_together("run-1", 1)
    before = group_query(stage)
    plans = ready_together(stage)
    stage.lakes[failing].rows_off_by = 1
    with pytest.raises(VerificationError, match=f"the view of export '{failing}' shows 3 rows"):
        stage.publish(*plans)
    assert (stage.published, stage.shown) == ([DAY_1, DAY_1], [DAY_1, DAY_1])
    assert (group_query(stage), unsettled(stage)) == (before, [None, None])


def test_a_groups_view_that_cannot_be_moved_puts_all_back(stage: Stage) -> None:
    """It is moved last, before anything is confirmed."""
    stage.succeed_together("run-1", 1)
    plans = ready_together(stage)
    stage.group_view.lake.refused.add(None)  # type: ignore[arg-type]
    with pytest.raises(ClientError):
        stage.publish(*plans)
    assert stage.published == [DAY_1, DAY_1]
    assert unsettled(stage) == [DAY_2, DAY_2]  # nor can it be put back now: close will
    stage.group_view.lake.refused.clear()
    stage.close("run-2", group=True, cause="boom")
    assert (stage.shown, unsettled(stage)) == ([DAY_1, DAY_1], [None, None])


def test_moves_that_cannot_be_confirmed_are_put_back(stage: Stage) -> None:
    """The run table was out of reach at the last moment."""
    stage.succeed_together("run-1", 1)
    before = group_query(stage)
    plans = ready_together(stage)
    with (
        just_before(stage.dynamodb, "transact_write_items", out_of_reach, call=5),
        pytest.raises(ClientError),
    ):
        stage.publish(*plans)
    assert (stage.published, stage.shown) == ([DAY_1, DAY_1], [DAY_1, DAY_1])
    assert (group_query(stage), unsettled(stage)) == (before, [None, None])


def test_a_run_that_is_closed_while_it_publishes_moves_nothing_any_more(stage: Stage) -> None:
    """It was paused before it wrote the view; the closing wrote the view under a higher number."""
    stage.succeed("run-1", 1)
    plan = ready(stage)
    stage.lake.before_write = lambda: stage.close("run-2", cause="too late")
    with pytest.raises(LockLostError):
        stage.publish(plan)
    assert (stage.published[0], stage.shown[0], unsettled(stage)) == (DAY_1, DAY_1, [None, None])
    assert stage.known() == [DAY_1]


def test_after_an_interrupted_attempt_the_true_earlier_view_is_kept(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function died with the view moved; what the next try finds there is not what was published."""
    stage.succeed("run-1", 1)
    plan = ready(stage)
    interrupted(stage, plan, monkeypatch)
    assert (stage.shown[0], stage.published[0], unsettled(stage)[0]) == (DAY_2, DAY_1, DAY_2)
    stage.lake.rows_off_by = 1
    with pytest.raises(VerificationError):
        stage.publish(plan)
    assert (stage.shown[0], stage.published[0], unsettled(stage)[0]) == (DAY_1, DAY_1, None)


def test_an_interrupted_attempt_is_taken_up_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that died is invoked again, or its execution redriven."""
    stage.succeed("run-1", 1)
    plan = ready(stage)
    interrupted(stage, plan, monkeypatch)
    stage.publish(plan, redrive=1)
    assert (stage.shown[0], stage.pointers.of("reviews")) == (DAY_2, Pointer(snapshot=DAY_2))


def test_a_publication_that_another_invocation_finished_is_no_error(stage: Stage) -> None:
    """The function was invoked again while it still ran, or the answer to confirming was lost."""
    plan = ready(stage)
    with just_before(stage.dynamodb, "transact_write_items", lambda: stage.publish(plan), call=2):
        stage.publish(plan)
    assert (stage.published[0], stage.shown[0], unsettled(stage)[0]) == (DAY_2, DAY_2, None)
