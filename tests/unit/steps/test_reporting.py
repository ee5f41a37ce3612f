"""A run that succeeded: records completed and locks released, all at once."""

from typing import TYPE_CHECKING

import pytest

from lakeshot.columns.schema import fingerprint
from lakeshot.commit.schema_change import SchemaChange
from lakeshot.errors import LockLostError
from lakeshot.runs.plan import Plan
from lakeshot.runs.records import RunState
from lakeshot.steps.reporting import Finished
from tests.unit.conftest import NOON
from tests.unit.manifests import COLUMNS, column
from tests.unit.stage import DAY_1, MEMBERS, Stage

if TYPE_CHECKING:
    from lakeshot.steps.entering import EnteredRun


def published(stage: Stage) -> Plan:
    plan = stage.begin("run-1", 1)
    stage.make_ready(plan)
    stage.publish(plan)
    return plan


def finished(run: "EnteredRun") -> Finished:
    return Finished(run.plan, run.fence, run.snapshot(), run.manifest())


def test_the_record_tells_what_was_written_and_the_lock_is_free(stage: Stage) -> None:
    """Rows, files, bytes, units, schema, generation and manifest, as the manifest says."""
    plan = published(stage)
    stage.report(plan)
    record = stage.record("run-1")
    assert (record.state, record.step, record.finished_at) == (RunState.SUCCEEDED, "done", NOON)
    assert (record.rows, record.rows_done, record.files, record.bytes_written) == (2, 2, 0, 10)
    assert (record.units_consumed, record.generation) == (1.0, 1)
    assert record.schema_fingerprint == fingerprint(COLUMNS)
    assert (record.manifest, record.schema_change) == (plan.manifest_uri, None)
    assert record.expires_at is not None
    assert stage.lock().holder() is None


def test_costs_are_estimated_from_the_job_run_and_the_units(stage: Stage) -> None:
    """Two G.1X workers for an hour at 0.44 dollars, and one unit read on demand."""
    plan = published(stage)
    stage.glue.start("lakeshot-dev-reviews", "run-1", "jr_1")
    stage.runs.update("reviews", "run-1", job_run_id="jr_1")
    stage.report(plan)
    assert stage.record("run-1").estimated_cost_usd == pytest.approx(0.88)


def test_costs_of_an_unknown_job_run_are_not_guessed(stage: Stage) -> None:
    """The job may have died before it told its id."""
    stage.report(published(stage))
    assert stage.record("run-1").estimated_cost_usd is None


def test_a_schema_that_changed_is_told(stage: Stage) -> None:
    """In one sentence, for the record and for people."""
    plan = published(stage)
    run = stage.enter(plan)
    change = SchemaChange(added=(column("Color", "string"),))
    manifest = run.manifest().model_copy(update={"schema_change": change})
    part = Finished(plan, run.fence, run.snapshot(), manifest)
    stage.reporter.report([part], None, now=NOON)
    assert stage.record("run-1").schema_change == "'Color' is new (string)"


def test_a_rollback_counts_nothing_as_read(stage: Stage) -> None:
    """It consumed no unit and no worker."""
    stage.succeed("run-1", 1)
    plan = stage.begin("run-2", 1, rollback=True)
    stage.catalogue(plan)
    stage.verify(plan)
    stage.publish(plan, allow_older=True)
    stage.report(plan)
    record = stage.record("run-2")
    assert (record.state, record.rows, record.rows_done) == (RunState.SUCCEEDED, 2, 0)
    assert (record.units_consumed, record.estimated_cost_usd) == (0.0, None)


def test_a_group_is_reported_as_one(stage: Stage) -> None:
    """Every member's record and the group's are complete, and all locks are free."""
    stage.succeed_together("run-1", 1)
    for name in (*MEMBERS, "nightly"):
        record = stage.record("run-1", name)
        assert (record.state, record.step) == (RunState.SUCCEEDED, "done")
        assert stage.lock(name).holder() is None
    assert stage.record("run-1", "nightly").snapshot == DAY_1


@pytest.mark.parametrize("lost", [*MEMBERS, "nightly"])
def test_a_lock_that_is_lost_for_one_leaves_all_unreported(lost: str, stage: Stage) -> None:
    """The closing that took it is going to say how the run ended."""
    plans = stage.begin_group("run-1", 1)
    for plan in plans:
        stage.make_ready(plan)
    stage.publish(*plans)
    parts = [finished(stage.enter(plan)) for plan in plans]
    stage.lock(lost).fence_off(run="run-1")
    with pytest.raises(LockLostError, match=f"'{lost}'"):
        stage.reporter.report(parts, 1, now=NOON)
    for name in (*MEMBERS, "nightly"):
        assert stage.record("run-1", name).state is RunState.RUNNING
        assert stage.lock(name).holder() is not None


def test_a_run_that_was_reported_is_known_as_that(stage: Stage) -> None:
    """The report is asked for again if its answer was lost, and the lock may be another run's by then."""
    plan = published(stage)
    assert not stage.reporter.is_reported(plan)
    stage.report(plan)
    assert stage.reporter.is_reported(plan)
    with pytest.raises(LockLostError):
        stage.report(plan)


def test_a_run_that_was_closed_counts_as_not_reported(stage: Stage) -> None:
    """A late report must not pass for a success."""
    plan = published(stage)
    stage.close("run-1", cause="boom")
    assert not stage.reporter.is_reported(plan)
