"""What a step finds of its run when it enters."""

from dataclasses import replace

import pytest

from lakeshot.errors import CommitError, LockLostError, RunGoneError
from lakeshot.runs.plan import Baseline
from lakeshot.runs.snapshots import Snapshot
from tests.unit.manifests import COLUMNS
from tests.unit.stage import DAY_1, Stage


def test_a_step_finds_the_plan_and_the_number_it_may_work_under(stage: Stage) -> None:
    """By the plan's URI alone."""
    plan = stage.begin("run-1", 1)
    run = stage.enter(plan)
    assert (run.plan, run.fence) == (plan, 1)
    run.check()


def test_a_step_notices_that_its_run_was_closed_meanwhile(stage: Stage) -> None:
    """Before it changes something that no transaction guards."""
    run = stage.enter(stage.begin("run-1", 1))
    stage.close("run-1", cause="boom")
    with pytest.raises(LockLostError):
        run.check()


def test_a_step_without_its_plan_cannot_go_on(stage: Stage) -> None:
    """Somebody removed it."""
    plan = stage.begin("run-1", 1)
    stage.remove(f"{plan.run_prefix}plan.json")
    with pytest.raises(CommitError, match="is gone, so this run cannot go on"):
        stage.enter(plan)


def test_what_was_committed_is_found_by_every_later_step(stage: Stage) -> None:
    """The entry in the run table and the manifest it names."""
    plan = stage.begin("run-1", 1)
    committed = stage.commit(plan)
    run = stage.enter(plan)
    entry = run.snapshot()
    assert (entry.state, entry.manifest, entry.rows) == ("committed", plan.manifest_uri, 2)
    assert run.manifest() == committed


def test_a_manifest_that_was_changed_is_not_trusted(stage: Stage) -> None:
    """Its bytes are held against the digest that was recorded when it was committed."""
    plan = stage.begin("run-1", 1)
    edited = stage.commit(plan).model_copy(update={"rows": 3})
    stage.write(plan.manifest_key, edited.model_dump_json().encode())
    with pytest.raises(CommitError, match="was changed after it was committed"):
        stage.enter(plan).manifest()


def test_a_published_manifest_that_was_changed_is_nothing_to_start_from(stage: Stage) -> None:
    """A new run would only meet it again, so the message says how to go on without it."""
    first = stage.succeed("run-1", 1)
    entry = stage.snapshots().get(DAY_1)
    assert entry is not None
    plan = stage.begin("run-2", 2)
    baseline = Baseline(manifest=first.manifest_uri, sha256=str(entry.manifest_sha256))
    run = replace(stage.enter(plan), plan=plan.model_copy(update={"baseline": baseline}))
    assert run.baseline_columns() == COLUMNS
    stage.write(first.manifest_key, b"{}")
    with pytest.raises(CommitError) as caught:
        run.baseline_columns()
    assert f"{first.manifest_uri} was changed" in str(caught.value)
    assert f"{entry.manifest_sha256} was recorded" in str(caught.value)
    assert "restore the version of the object that has the recorded SHA-256" in str(caught.value)
    assert "make rollback" in str(caught.value)


def test_a_redriven_run_whose_snapshot_was_removed_is_told_so(stage: Stage) -> None:
    """Closing took its files away, so there is nothing to go on from."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    stage.close("run-1", cause="boom")
    run = stage.enter(plan, redrive=1)
    with pytest.raises(RunGoneError, match="snapshot 20261121T120000Z of run 'run-1' does not exist"):
        run.manifest()


def test_a_claim_is_no_snapshot_yet(stage: Stage) -> None:
    """A redriven run that has not written again has nothing to verify."""
    run = stage.enter(stage.begin("run-1", 1), redrive=1)
    run.claim()
    with pytest.raises(RunGoneError):
        run.snapshot()


def test_a_snapshot_that_is_being_removed_is_none_any_more(stage: Stage) -> None:
    """Its files may be gone already; a rollback to it that was redriven must not show what is left."""
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2)
    plan = stage.begin("run-3", 1, rollback=True)
    stage.catalogue(plan)
    stage.close("run-3", cause="boom")
    remover = stage.enter(stage.begin("run-4", 4))
    stage.snapshots().doom(DAY_1, run="run-4", fence=remover.fence)
    stage.close("run-4", cause="boom")
    run = stage.enter(plan, redrive=1)
    with pytest.raises(RunGoneError, match=f"snapshot {DAY_1} of run 'run-3' does not exist any more"):
        run.snapshot()


def test_a_run_keeps_its_claim_until_it_is_closed(stage: Stage) -> None:
    """A redrive that comes before may go on to write; after it, its moment is nobody's any more."""
    plan = stage.begin("run-1", 1)
    stage.enter(plan, redrive=1).claim()
    assert stage.snapshots().get(DAY_1) == Snapshot(snapshot=DAY_1, run="run-1", state="claimed")
    stage.close("run-1", redrive=1, cause="boom")
    with pytest.raises(RunGoneError):
        stage.enter(plan, redrive=2).claim()


def test_another_runs_snapshot_of_the_same_moment_is_not_taken_for_its_own(stage: Stage) -> None:
    """Only a rollback may work on what it did not write."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    run = stage.enter(plan)
    stranger = replace(run, plan=plan.model_copy(update={"run": "run-2"}))
    assert run.snapshot().run == "run-1"
    with pytest.raises(RunGoneError):
        stranger.snapshot()


def test_a_rollback_works_on_another_runs_snapshot(stage: Stage) -> None:
    """It writes none of its own."""
    earlier = stage.succeed("run-1", 1)
    run = stage.enter(stage.begin("run-2", 1, rollback=True))
    assert run.snapshot().run == "run-1"
    assert run.manifest().snapshot == earlier.snapshot


def test_a_run_starts_from_the_columns_of_its_baseline(stage: Stage) -> None:
    """Those that were published when it was planned; none before the first time."""
    plan = stage.begin("run-1", 1)
    committed = stage.commit(plan)
    run = stage.enter(plan)
    assert run.baseline_columns() == ()
    entry = run.snapshot()
    baseline = Baseline(manifest=str(entry.manifest), sha256=str(entry.manifest_sha256))
    later = replace(run, plan=plan.model_copy(update={"baseline": baseline}))
    assert later.baseline_columns() == committed.columns
