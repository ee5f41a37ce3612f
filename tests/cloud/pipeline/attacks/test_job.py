"""Attacks on the job: workers and drivers that die, wake up too late or take too long."""

from dataclasses import dataclass

import pytest
from botocore.exceptions import ClientError

from local.faults import Fault, Faults
from tests.cloud.local.account import wait_for
from tests.cloud.pipeline.attacks.functions import job_run_of
from tests.cloud.pipeline.attacks.processes import driver, kill, spark_workers
from tests.cloud.pipeline.attacks.standing import assert_sound, closed, standing
from tests.cloud.pipeline.pipeline import BUCKET, Pipeline

pytestmark = pytest.mark.cloud

IDS = [f"{number:02d}" for number in range(10)]
JOB = "lakeshot-test-crashed"
ROLE = f"{JOB}-job"


@dataclass(frozen=True)
class Survived:
    """A run that succeeded although a task was killed, and the upload that task left."""

    run: str
    snapshot: str
    job_run: str
    key: str
    upload: str


@pytest.fixture(scope="module")
def survived(pipeline: Pipeline) -> Survived:
    """The worker is killed while it sends a file; what it sent arrives when all is over."""
    pipeline.make_table("Crashed", [{"Id": {"S": one}} for one in IDS])
    faults = Faults(pipeline.account.instance.settings.directory / "tmp")
    with faults.planted(
        Fault(service="s3", operation="UploadPart", role=ROLE, about="snapshots_crashed")
    ) as sending:
        run = pipeline.start("crashed")
        sending.hit()
        s3 = pipeline.client("s3")
        [left] = s3.list_multipart_uploads(Bucket=BUCKET, Prefix="snapshots_crashed/")["Uploads"]
        job_run = job_run_of(pipeline, "crashed", run)
        [worker] = spark_workers(job_run)
        kill(worker)
        ended = pipeline.end(run)
    assert ended.status == "SUCCEEDED", ended.cause
    snapshot = str(pipeline.record("crashed", run).snapshot)
    return Survived(run=run, snapshot=snapshot, job_run=job_run, key=left["Key"], upload=left["UploadId"])


def test_a_killed_task_is_tried_again_and_every_row_is_there_once(
    pipeline: Pipeline, survived: Survived
) -> None:
    """One job run, one attempt more; nothing of the killed attempt is left."""
    assert_sound(pipeline, "crashed", shown=survived.snapshot, ids=IDS)
    runs = pipeline.client("glue").get_job_runs(JobName=JOB)["JobRuns"]
    assert [one["JobRunState"] for one in runs if one["Arguments"]["--run"] == survived.run] == ["SUCCEEDED"]


def test_the_upload_of_a_killed_task_cannot_be_completed_after_the_commit(
    pipeline: Pipeline, survived: Survived
) -> None:
    """The commit has aborted it."""
    with pytest.raises(ClientError, match="NoSuchUpload"):
        pipeline.client("s3").complete_multipart_upload(
            Bucket=BUCKET,
            Key=survived.key,
            UploadId=survived.upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": '"00000000000000000000000000000000"'}]},
        )


def test_the_job_started_again_after_its_run_changes_nothing(pipeline: Pipeline, survived: Survived) -> None:
    """By hand, with the very same arguments: its run is over, so it is not let in."""
    before = standing(pipeline, "crashed")
    glue = pipeline.client("glue")
    first = glue.get_job_run(JobName=JOB, RunId=survived.job_run)["JobRun"]
    again = pipeline.account.finish_job(JOB, Arguments=first["Arguments"])
    assert again["JobRunState"] == "FAILED"
    assert f"LockLostError: run '{survived.run}' no longer holds the lock" in again["ErrorMessage"]
    assert standing(pipeline, "crashed") == before
    assert pipeline.record("crashed", survived.run).state == "SUCCEEDED"


def test_a_driver_killed_between_its_files_and_their_manifest_leaves_nothing(
    pipeline: Pipeline, survived: Survived, faults: Faults
) -> None:
    """Its manifest, which was under way, arrives after the run was closed; the next run succeeds."""
    before = standing(pipeline, "crashed")
    with faults.planted(
        Fault(service="s3", operation="PutObject", role=ROLE, about="runs/crashed/.*/manifest.json")
    ) as writing:
        run = pipeline.start("crashed")
        writing.hit()
        assert len(standing(pipeline, "crashed").objects) == len(before.objects) + 1
        kill(driver(job_run_of(pipeline, "crashed", run)))
        closed(pipeline, "crashed", run, status="FAILED")
        assert_sound(pipeline, "crashed", shown=survived.snapshot, ids=IDS)
    manifest = f"runs/crashed/{run}/manifest.json"
    wait_for(lambda: pipeline.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=manifest)["KeyCount"], bool)
    assert_sound(pipeline, "crashed", shown=survived.snapshot, ids=IDS)
    assert f"still shows snapshot {survived.snapshot}" in pipeline.notice(run)
    following = pipeline.succeed("crashed")
    assert_sound(pipeline, "crashed", shown=pipeline.record("crashed", following).snapshot, ids=IDS)


def test_a_job_that_takes_too_long_is_ended_and_cleaned_up(
    pipeline: Pipeline, survived: Survived, faults: Faults
) -> None:
    """Glue's own time limit, reached while the job does not get an answer."""
    before = standing(pipeline, "crashed")
    with faults.planted(
        Fault(service="s3", operation="GetObject", role=ROLE, about="runs/crashed/.*/plan.json")
    ):
        run = pipeline.start("crashed", timeout_minutes=1)
        closed(pipeline, "crashed", run, status="FAILED")
    assert_sound(pipeline, "crashed", shown=before.shown, ids=IDS)
    record = pipeline.record("crashed", run)
    assert record.error == "the Glue job ran longer than its timeout allows"
    assert str(record.next_step).startswith("Raise timeout_minutes")
    assert pipeline.account.job_states(JOB)[0] == "TIMEOUT"
