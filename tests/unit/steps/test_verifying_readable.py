"""What a reader of the catalog sees has to agree with the manifest, or nothing is published."""

import pytest

from lakeshot.errors import CatalogError, LockLostError, VerificationError
from lakeshot.runs.plan import Plan
from tests.unit.stage import DAY_1, DAY_2, Stage


def state(stage: Stage) -> str:
    entry = stage.snapshots().get(DAY_1)
    assert entry is not None
    return entry.state


def test_a_snapshot_that_can_be_read_is_verified(stage: Stage) -> None:
    """The view that will show it is staged; readers see nothing of it yet."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    stage.catalogue(plan)
    stage.verify(plan, counted=2)
    staged = stage.lake.staged("run-1")
    assert staged is not None
    assert (state(stage), staged.snapshot) == ("verified", DAY_1)
    assert stage.shown == [None, None]


def test_a_count_that_disagrees_stops_the_run(stage: Stage) -> None:
    """The message has both counts and where to look."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    stage.catalogue(plan)
    with pytest.raises(VerificationError) as caught:
        stage.verify(plan, counted=3)
    assert f"Athena counts 3 rows in snapshot {DAY_1}, the files hold 2" in str(caught.value)
    assert "/snapshots_reviews/snapshot_timestamp=20261121T120000Z/" in str(caught.value)
    assert (state(stage), stage.lake.staging) == ("committed", {})


def test_what_the_view_is_going_to_show_is_recorded(stage: Stage) -> None:
    """Publishing holds the view against it."""
    stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 2, follows=DAY_1)
    stage.make_ready(plan, rows=3, rows_shown=5)
    entry = stage.snapshots().get(DAY_2)
    assert entry is not None
    assert (entry.rows, entry.rows_shown, entry.follows) == (3, 5, DAY_1)


def test_a_view_that_has_lost_what_it_is_made_of_is_not_shown(stage: Stage) -> None:
    """Somebody removed a file of a snapshot that this one follows."""
    stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 2, follows=DAY_1)
    stage.commit(plan)
    stage.catalogue(plan)
    with pytest.raises(VerificationError) as caught:
        stage.verify(plan, rows_beneath=3, rows_shown=3)
    assert "in which Athena counts 3 rows together, its own among them, and 4 were committed" in str(
        caught.value
    )
    assert "snapshots_reviews or snapshots_reviews__changes were removed" in str(caught.value)
    assert (stage.shown[0], stage.lake.staging) == (DAY_1, {})
    stage.verify(plan, rows_beneath=4, rows_shown=3)


def test_a_rollback_to_what_shows_other_rows_than_before_is_refused(stage: Stage) -> None:
    """The same files in the same places make the same view."""
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2, follows=DAY_1, rows_shown=4)
    stage.succeed("run-3", 3)
    plan = stage.begin("run-4", 2, rollback=True)
    stage.catalogue(plan)
    with pytest.raises(VerificationError, match="its view would show 3"):
        stage.verify(plan, rows_beneath=4, rows_shown=3)
    stage.verify(plan, rows_beneath=4, rows_shown=4)


def compared(stage: Stage) -> Plan:
    """A run whose snapshot has to equal the published one."""
    stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 2, compared_with=DAY_1)
    stage.commit(plan)
    stage.catalogue(plan)
    return plan


def test_a_snapshot_that_equals_the_published_one_is_verified(stage: Stage) -> None:
    """No row is missing and none is too many."""
    stage.verify(compared(stage), missing=0, surplus=0)
    entry = stage.snapshots().get(DAY_2)
    assert entry is not None
    assert entry.state == "verified"


@pytest.mark.parametrize(("missing", "surplus"), [(1, 0), (0, 2), (3, 3)])
def test_a_snapshot_that_differs_from_the_published_one_stops_the_run(
    missing: int, surplus: int, stage: Stage
) -> None:
    """The message has both counts and both snapshots, and what to do."""
    plan = compared(stage)
    with pytest.raises(VerificationError) as caught:
        stage.verify(plan, missing=missing, surplus=surplus)
    told = f"{missing} rows are in {DAY_1} only and {surplus} in {DAY_2} only. The view is left as it is"
    assert told in str(caught.value)
    assert "make run EXPORT=reviews ARGS=--full (full: true in the payload)" in str(caught.value)
    assert (stage.shown[0], stage.lake.staging) == (DAY_1, {})


def test_a_column_that_cannot_be_read_stops_the_run(stage: Stage) -> None:
    """A count alone would not have seen it."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    stage.catalogue(plan)
    stage.lake.broken.add(DAY_1)
    with pytest.raises(CatalogError, match="HIVE_BAD_DATA"):
        stage.verify(plan)
    assert state(stage) == "committed"


def test_a_snapshot_without_a_place_in_the_catalog_stops_the_run(stage: Stage) -> None:
    """The step before this one was skipped."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    with pytest.raises(CatalogError, match=f"snapshot {DAY_1} is not in the catalog"):
        stage.verify(plan)


def test_a_run_that_is_closed_meanwhile_verifies_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading every column may take minutes."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    stage.catalogue(plan)
    monkeypatch.setattr(stage.lake, "stage", lambda *_, **__: stage.lock().fence_off(run="run-1"))
    with pytest.raises(LockLostError):
        stage.verify(plan)
    assert state(stage) == "committed"
