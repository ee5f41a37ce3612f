"""What a reader of the catalog sees has to agree with the manifest, or nothing is published."""

import pytest

from lakeshot.errors import CatalogError, LockLostError, VerificationError
from tests.unit.stage import DAY_1, Stage


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
