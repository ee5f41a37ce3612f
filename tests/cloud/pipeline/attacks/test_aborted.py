"""A run stopped in each of its states, and what it was doing then, done after it was closed."""

from dataclasses import dataclass

import pytest

from local.faults import Fault, Faults
from tests.cloud.pipeline.attacks.functions import outcome
from tests.cloud.pipeline.attacks.standing import assert_sound, closed, standing
from tests.cloud.pipeline.pipeline import NAMES, Pipeline

pytestmark = pytest.mark.cloud

IDS = [f"{number:02d}" for number in range(10)]


@dataclass(frozen=True)
class Moment:
    """Where a run is stopped: at a request of the function of ``step``, if it is one's.

    ``woken`` is how that function ends when its request goes on after the run was closed. ``published``:
    the run has confirmed its snapshot by then, so that is what stays.
    """

    fault: Fault
    step: str | None = None
    woken: str | None = None
    published: bool = False
    export: str = "aborted"


def at(
    step: str, service: str, operation: str, about: str = "", *, acted: bool = False, nth: int = 1
) -> Fault:
    return Fault(
        service=service, operation=operation, role=NAMES.function(step), about=about, acted=acted, nth=nth
    )


def machine(service: str, operation: str, about: str) -> Fault:
    return Fault(service=service, operation=operation, role=NAMES.state_machine, about=about)


MOMENTS = {
    "plan, before its lock": Moment(
        at("plan", "dynamodb", "TransactWriteItems", "#aborted"), "plan", "LockLostError"
    ),
    "plan, with its lock": Moment(at("plan", "s3", "PutObject", "runs/aborted/"), "plan", "finished"),
    "export table": Moment(
        Fault(
            service="s3",
            operation="CompleteMultipartUpload",
            role=f"{NAMES.prefix}-aborted-job",
            about="aborted",
        )
    ),
    "verify files": Moment(
        at("verify_files", "s3", "GetObject", "snapshots_aborted/"), "verify_files", "VerificationError"
    ),
    "wait for crawler": Moment(machine("glue", "GetCrawler", "aborted-crawl"), export="aborted-crawl"),
    "catalog": Moment(
        at("catalog", "glue", "BatchCreatePartition", "aborted", acted=True), "catalog", "LockLostError"
    ),
    "count rows": Moment(machine("athena", "StartQueryExecution", "snapshots_aborted")),
    "verify readable": Moment(
        at("verify_readable", "dynamodb", "TransactWriteItems", "#aborted"),
        "verify_readable",
        "LockLostError",
    ),
    "publish, before it is announced": Moment(
        at("publish", "dynamodb", "TransactWriteItems", "#aborted.*published"), "publish", "LockLostError"
    ),
    "publish, announced": Moment(  # what it had staged was removed when it was closed
        at("publish", "dynamodb", "TransactWriteItems", "#aborted.*published", acted=True),
        "publish",
        "RunGoneError",
    ),
    "publish, after the view was moved": Moment(
        at("publish", "glue", "UpdateTable", '"aborted"', acted=True), "publish", "LockLostError"
    ),
    "retain": Moment(at("retain", "dynamodb", "Query", "#aborted"), "retain", "finished", published=True),
    "report": Moment(
        at("report", "dynamodb", "TransactWriteItems", "#aborted"), "report", "LockLostError", published=True
    ),
}


@pytest.fixture(scope="module")
def published(pipeline: Pipeline) -> None:
    """Both exports show a snapshot."""
    pipeline.make_table("Aborted", [{"Id": {"S": one}} for one in IDS])
    runs = [pipeline.start(export) for export in ("aborted", "aborted-crawl")]
    for run in runs:
        assert pipeline.end(run).status == "SUCCEEDED"


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_run_stopped_in_any_state_leaves_a_whole_view(
    pipeline: Pipeline, published: None, faults: Faults, moment: Moment
) -> None:
    """The old snapshot, or the new one once it was confirmed; also after the stopped step has woken up."""
    export = moment.export
    before = standing(pipeline, export).shown
    with faults.planted(moment.fault) as paused:
        run = pipeline.start(export)
        paused.hit()
        pipeline.stop(run, "stopped by a test")
        closed(pipeline, export, run, status="ABORTED")
        record = pipeline.record(export, run)
        shown = record.snapshot if moment.published else before
        assert_sound(pipeline, export, shown=shown, ids=IDS)
    if moment.step is not None:
        assert outcome(pipeline, moment.step, run) == moment.woken
    assert_sound(pipeline, export, shown=shown, ids=IDS)
    assert pipeline.record(export, run).state == "ABORTED"
    assert record.error == "the run was stopped: stopped by a test"
    own = "shows this run's own snapshot" if moment.published else "still shows snapshot"
    assert f"{own} {shown}" in pipeline.notice(run)


def test_a_run_follows_upon_all_that_were_stopped(pipeline: Pipeline, published: None) -> None:
    """None of them has left anything that holds up the next."""
    run = pipeline.succeed("aborted")
    assert_sound(pipeline, "aborted", shown=pipeline.record("aborted", run).snapshot, ids=IDS)
