"""Runs that were taken for dead and wake up when another run has published long since."""

from dataclasses import dataclass

import pytest

from local.faults import Fault, Faults
from local.faults.control import Planted
from tests.cloud.local.account import wait_for
from tests.cloud.pipeline.attacks.functions import job_run_of, outcome
from tests.cloud.pipeline.attacks.processes import driver, is_alive, suspend
from tests.cloud.pipeline.attacks.standing import assert_sound, closed, standing
from tests.cloud.pipeline.pipeline import BUCKET, NAMES, Pipeline

pytestmark = pytest.mark.cloud

IDS = [f"{number:02d}" for number in range(10)]
JOB = "lakeshot-test-woken"


@dataclass(frozen=True)
class Sleeper:
    """A closed run of which a request still is under way."""

    run: str
    request: Planted


@dataclass(frozen=True)
class Night:
    """The runs that slept, by what they slept in, and the snapshot that was published meanwhile."""

    sleepers: dict[str, Sleeper]
    shown: str


@pytest.fixture(scope="module")
def night(pipeline: Pipeline) -> Night:
    """Each run is stopped in its sleep and closed; then a rollback shows the oldest snapshot again."""
    pipeline.make_table("Woken", [{"Id": {"S": one}} for one in IDS])
    faults = Faults(pipeline.account.instance.settings.directory / "tmp")
    oldest = str(pipeline.record("woken", pipeline.succeed("woken")).snapshot)
    dooming = Fault(
        service="dynamodb",
        operation="TransactWriteItems",
        role=NAMES.function("retain"),
        about=f"snapshot#{oldest}",
        nth=None,
    )
    sleepers = {
        "retain": _stopped(pipeline, faults, dooming),
        "job": _stopped_job(pipeline, faults),
        "publish": _stopped_publishing(pipeline, faults),
        "plan": _stopped(
            pipeline,
            faults,
            Fault(
                service="dynamodb",
                operation="TransactWriteItems",
                role=NAMES.function("plan"),
                about="#woken",
            ),
        ),
    }
    pipeline.succeed("woken", snapshot=oldest, mode="rollback")
    return Night(sleepers, oldest)


def _stopped(pipeline: Pipeline, faults: Faults, fault: Fault) -> Sleeper:
    request = faults.plant(fault)
    run = pipeline.start("woken")
    request.hit()
    return _closed(pipeline, Sleeper(run, request))


def _stopped_publishing(pipeline: Pipeline, faults: Faults) -> Sleeper:
    """Between reading the view and writing it; only this run's own request is held, however often sent."""
    run = pipeline.start("woken")
    snapshot = wait_for(lambda: pipeline.record("woken", run).snapshot, bool)
    moving = Fault(
        service="glue",
        operation="UpdateTable",
        role=NAMES.function("publish"),
        about=f'"woken".*{snapshot}',
        nth=None,
    )
    request = faults.plant(moving)
    request.hit()
    return _closed(pipeline, Sleeper(run, request))


def _stopped_job(pipeline: Pipeline, faults: Faults) -> Sleeper:
    """The driver stands still with its machine, so it cannot even end; the request it sent is on its way."""
    request = faults.plant(
        Fault(service="s3", operation="CompleteMultipartUpload", role=f"{JOB}-job", about="snapshots_woken/")
    )
    run = pipeline.start("woken")
    request.hit()
    process = driver(job_run_of(pipeline, "woken", run))
    suspend(process)
    sleeper = _closed(pipeline, Sleeper(run, request))
    assert not is_alive(process)
    assert pipeline.account.job_states(JOB)[0] == "STOPPED"
    return sleeper


def _closed(pipeline: Pipeline, sleeper: Sleeper) -> Sleeper:
    pipeline.stop(sleeper.run, "stopped by a test")
    closed(pipeline, "woken", sleeper.run, status="ABORTED")
    return sleeper


@pytest.mark.parametrize("step", ["publish", "retain", "plan"])
def test_a_step_that_wakes_up_after_another_run_has_published_changes_nothing(
    pipeline: Pipeline, night: Night, step: str
) -> None:
    """Neither the view, nor what was kept for it, nor the lock."""
    sleeper = night.sleepers[step]
    before = assert_sound(pipeline, "woken", shown=night.shown, ids=IDS)
    record = pipeline.record("woken", sleeper.run)
    sleeper.request.remove()
    assert outcome(pipeline, step, sleeper.run) == "LockLostError"
    assert standing(pipeline, "woken") == before
    assert pipeline.record("woken", sleeper.run) == record


def test_a_file_whose_completion_arrives_after_its_run_was_closed_is_not_made(
    pipeline: Pipeline, night: Night
) -> None:
    """Closing has aborted its upload."""
    before = standing(pipeline, "woken")
    sleeper = night.sleepers["job"]
    sleeper.request.remove()
    snapshot = pipeline.record("woken", sleeper.run).snapshot
    prefix = f"snapshots_woken/snapshot_timestamp={snapshot}/"
    listed = pipeline.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    assert listed["KeyCount"] == 0
    assert standing(pipeline, "woken") == before


def test_the_next_run_succeeds(pipeline: Pipeline, night: Night) -> None:
    """And what was kept is what the retention says."""
    snapshot = pipeline.record("woken", pipeline.succeed("woken")).snapshot
    assert_sound(pipeline, "woken", shown=snapshot, ids=IDS)
