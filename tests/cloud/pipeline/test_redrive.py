"""Executions that ended without success and are redriven: they go on, or say why they cannot."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lakeshot.lake.view import GlueView
from tests.cloud.local.account import wait_for
from tests.cloud.pipeline.pipeline import DATABASE, NAMES, Ended, Pipeline

pytestmark = pytest.mark.cloud

ITEMS = [{"Id": {"S": f"{number:04d}"}, "Text": {"S": "x" * 3000}} for number in range(200)]


@pytest.fixture(scope="module")
def redriven(pipeline: Pipeline) -> list[str]:
    """The export that is redriven while it reads; the snapshots it has published, oldest first."""
    pipeline.make_table("Redriven", ITEMS)
    return []


def start_reading(pipeline: Pipeline, **changes: object) -> str:
    """A run that is about to read for some seconds."""
    run = pipeline.start("redriven", **changes)
    wait_for(lambda: pipeline.record("redriven", run), lambda record: record.reading_since is not None)
    return run


def end_of_redrive(pipeline: Pipeline, run: str) -> Ended:
    pipeline.redrive(run)
    return pipeline.end(run)


def assert_read_whole(pipeline: Pipeline, run: str, published: list[str]) -> None:
    """The redriven run has read everything once and published it."""
    record = pipeline.record("redriven", run)
    assert (record.state, record.step, record.redrive) == ("SUCCEEDED", "done", 1)
    assert (record.rows, record.rows_done, record.error, record.next_step) == (200, 200, None, None)
    published.append(str(record.snapshot))
    pipeline.assert_settled("redriven", shown=published[-1], kept=published)
    assert pipeline.number('SELECT count(DISTINCT id) FROM "redriven"') == 200


@contextmanager
def ends_untold(pipeline: Pipeline) -> Iterator[None]:
    """Nobody hears of ended executions, as if the event were late."""
    events, rule = pipeline.client("events"), f"{NAMES.prefix}-close"
    events.disable_rule(Name=rule)
    try:
        yield
    finally:
        events.enable_rule(Name=rule)


def test_a_run_that_is_redriven_before_it_was_closed_reads_anew(
    pipeline: Pipeline, redriven: list[str]
) -> None:
    """It takes its own lock again under a higher number; the late event of its first end changes nothing."""
    run = start_reading(pipeline)
    first = pipeline.lock("redriven").last_fence()
    with ends_untold(pipeline):
        pipeline.stop(run, "stopped by a test")
        assert pipeline.end(run).status == "ABORTED"
        held = pipeline.holder("redriven")
        assert held is not None
        assert (held.run, held.fence) == (run, first)
        pipeline.redrive(run)
    wait_for(lambda: pipeline.record("redriven", run), lambda record: record.redrive == 1)
    given = pipeline.client("stepfunctions").describe_execution(executionArn=pipeline.arn(run))["input"]
    detail = {"executionArn": pipeline.arn(run), "status": "ABORTED", "input": given}
    late = {"detail-type": "Step Functions Execution Status Change", "detail": detail}
    closed = pipeline.client("lambda").invoke(
        FunctionName=NAMES.function("close"), Payload=json.dumps(late).encode()
    )
    assert "FunctionError" not in closed
    holder = pipeline.holder("redriven")
    assert holder is not None
    assert (holder.run, holder.closing) == (run, False)
    assert holder.fence > first
    assert pipeline.end(run).status == "SUCCEEDED"
    assert_read_whole(pipeline, run, redriven)
    view = pipeline.client("glue").get_table(DatabaseName=DATABASE, Name="redriven")["Table"]
    assert int(view["Parameters"]["lakeshot:fence"]) > first


def test_a_run_that_is_redriven_after_it_was_closed_cannot_read_anew(
    pipeline: Pipeline, redriven: list[str]
) -> None:
    """Its moment was given up for good; it says to start a new run, and is closed again."""
    run = start_reading(pipeline)
    first = pipeline.lock("redriven").last_fence()
    pipeline.abort("redriven", run)
    pipeline.assert_settled("redriven", shown=redriven[-1], kept=redriven)
    closed = pipeline.lock("redriven").last_fence()
    assert closed > first
    ended = end_of_redrive(pipeline, run)
    record = pipeline.record("redriven", run)
    assert (ended.status, record.state, record.redrive) == ("FAILED", "FAILED", 1)
    assert str(record.error).startswith(f"RunGoneError: snapshot {record.snapshot} of run '{run}'")
    assert "Start a new run" in str(record.error)
    assert pipeline.lock("redriven").last_fence() > closed
    pipeline.assert_settled("redriven", shown=redriven[-1], kept=redriven)


def test_a_redrive_beside_another_run_is_refused_and_disturbs_nobody(
    pipeline: Pipeline, redriven: list[str]
) -> None:
    """The other run holds the lock and keeps it; redriving what ended in Failed fails in the same way."""
    run = start_reading(pipeline)
    pipeline.abort("redriven", run)
    other = start_reading(pipeline, max_read_units=6)
    held = pipeline.holder("redriven")
    refused = end_of_redrive(pipeline, run)
    assert refused.status == "FAILED"
    assert f"LockHeldError: export 'redriven' is being run by '{other}'" in refused.cause
    assert pipeline.holder("redriven") == held
    assert pipeline.record("redriven", other).state == "RUNNING"
    assert pipeline.record("redriven", run).state == "FAILED"
    again = end_of_redrive(pipeline, run)
    assert (again.status, again.error, again.cause) == ("FAILED", refused.error, refused.cause)
    assert pipeline.states(run)[-1] == "Failed"
    assert pipeline.holder("redriven") == held
    ended = pipeline.end(other)
    assert ended.status == "SUCCEEDED", ended
    redriven.append(str(pipeline.record("redriven", other).snapshot))
    pipeline.assert_settled("redriven", shown=redriven[-1], kept=redriven)


def test_a_run_that_was_published_is_completed_by_redrives(pipeline: Pipeline) -> None:
    """Stopped in Retain, and once more in Report: its snapshot stays, its record is completed."""
    pipeline.make_table("RedrivenLate", ITEMS[:3])
    with pipeline.held_before("retain"):
        run = pipeline.start("redriven-late")
        wait_for(lambda: pipeline.states(run), lambda states: "Retain" in states, seconds=300)
        pipeline.abort("redriven-late", run)
    snapshot = str(pipeline.record("redriven-late", run).snapshot)
    pipeline.assert_settled("redriven-late", shown=snapshot, kept=[snapshot])
    assert f"shows this run's own snapshot {snapshot}" in pipeline.notice(run)
    with pipeline.held_before("report"):
        pipeline.redrive(run)
        wait_for(lambda: pipeline.states(run), lambda states: "Report" in states)
        record = pipeline.record("redriven-late", run)
        assert (record.state, record.step, record.redrive, record.error) == ("RUNNING", "retain", 1, None)
        pipeline.abort("redriven-late", run)
    ended = end_of_redrive(pipeline, run)
    assert ended.status == "SUCCEEDED", ended
    record = pipeline.record("redriven-late", run)
    assert (record.state, record.step, record.redrive, record.error) == ("SUCCEEDED", "done", 2, None)
    assert (record.rows, record.files, record.generation) == (3, 1, 1)
    pipeline.assert_settled("redriven-late", shown=snapshot, kept=[snapshot])


def test_a_run_whose_files_were_removed_cannot_go_on(pipeline: Pipeline) -> None:
    """Stopped before Publish, it was closed; the redrive says to start a new run, and is closed again."""
    shown = str(pipeline.pointer("redriven-late").snapshot)
    with pipeline.held_before("publish"):
        run = pipeline.start("redriven-late")
        wait_for(lambda: pipeline.states(run), lambda states: "Publish" in states, seconds=300)
        before = GlueView(pipeline.client("glue"), DATABASE, "redriven_late").definition()
        pipeline.abort("redriven-late", run)
    pipeline.assert_settled("redriven-late", shown=shown, kept=[shown])
    first = pipeline.lock("redriven-late").last_fence()
    gone = end_of_redrive(pipeline, run)
    assert (gone.status, gone.error) == ("FAILED", "RunGoneError")
    record = pipeline.record("redriven-late", run)
    assert f"snapshot {record.snapshot} of run '{run}' does not exist any more" in gone.cause
    assert "Start a new run" in gone.cause
    assert (record.state, record.redrive) == ("FAILED", 1)
    assert str(record.error).startswith("RunGoneError: snapshot")
    assert pipeline.lock("redriven-late").last_fence() > first
    assert GlueView(pipeline.client("glue"), DATABASE, "redriven_late").definition() == before
    pipeline.assert_settled("redriven-late", shown=shown, kept=[shown])


def test_a_rollback_that_had_staged_its_view_cannot_publish_it(pipeline: Pipeline) -> None:
    """Stopped before Publish, it was closed and its staged view removed; both snapshots stay."""
    older = str(pipeline.pointer("redriven-late").snapshot)
    shown = str(pipeline.record("redriven-late", pipeline.succeed("redriven-late")).snapshot)
    with pipeline.held_before("publish"):
        run = pipeline.start("redriven-late", mode="rollback", snapshot=older)
        wait_for(lambda: pipeline.states(run), lambda states: "Publish" in states, seconds=300)
        pipeline.abort("redriven-late", run)
    pipeline.assert_settled("redriven-late", shown=shown, kept=[older, shown])
    gone = end_of_redrive(pipeline, run)
    assert (gone.status, gone.error) == ("FAILED", "RunGoneError")
    assert f"the view that run '{run}' had staged for export 'redriven-late' is gone" in gone.cause
    assert "start a new run" in gone.cause
    pipeline.assert_settled("redriven-late", shown=shown, kept=[older, shown])
