"""Verify readable, publish, retain and close, on a run table and a bucket in memory and a lake in memory."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest
from botocore.exceptions import ClientError

from lakeshot.commit.manifest import Manifest
from lakeshot.config.deployed import Deployed
from lakeshot.dynamodb.rate import ReadRate
from lakeshot.errors import CatalogError, LockLostError, VerificationError
from lakeshot.names import run_token
from lakeshot.runs.liveness import Liveness
from lakeshot.runs.lock import Lock
from lakeshot.runs.plan import Plan, SourceTable
from lakeshot.runs.records import RunRecord, RunState, RunTable
from lakeshot.runs.snapshots import Snapshot, Snapshots
from lakeshot.steps.closing import Closer, undeployed_notice
from lakeshot.steps.messages import ExecutionEnd
from lakeshot.steps.publishing import Publisher
from lakeshot.steps.retaining import Retention
from lakeshot.steps.verifying_readable import verify_readable
from lakeshot.stored import save
from tests.unit.conftest import BUCKET, NOON, RUN_TABLE
from tests.unit.lakes import LakeInMemory
from tests.unit.manifests import manifest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

ARN = "arn:aws:states:us-east-1:123456789012:execution:lakeshot-dev-export:{}"
DAY_1, DAY_2, DAY_3 = "20261121T120000Z", "20261122T120000Z", "20261123T120000Z"


@dataclass
class StoppedJobs:
    """Glue job runs of the one export; a stopped one is gone at the next look."""

    alive: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def live_job_runs(self, job: str, run: str) -> list[str]:
        return list(self.alive)

    @property
    def glue(self) -> "StoppedJobs":
        return self

    @property
    def sfn(self) -> "StoppedJobs":
        return self

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803
        return {"status": "ABORTED", "cause": "stopped by ana"}

    def batch_stop_job_run(self, *, JobName: str, JobRunIds: Sequence[str]) -> None:  # noqa: N803
        self.stopped += JobRunIds
        self.alive = [job_run for job_run in self.alive if job_run not in JobRunIds]


class World:
    """One export with everything around it, and what happens to it told in sentences."""

    def __init__(self, dynamodb: "DynamoDBClient", s3: "S3Client", deployed: Deployed) -> None:
        self.dynamodb, self.s3, self.deployed = dynamodb, s3, deployed
        self.lake, self.jobs = LakeInMemory(), StoppedJobs()
        self.notices: list[tuple[str, str]] = []
        self.topic_is_broken = False
        self.lock = Lock(dynamodb, table=RUN_TABLE, export="reviews")
        self.snapshots = Snapshots(dynamodb, table=RUN_TABLE, export="reviews")
        self.runs = RunTable(dynamodb, RUN_TABLE)

    def begin(self, run: str, snapshot_day: int) -> Plan:
        moment = NOON + timedelta(days=snapshot_day - 1)
        fence = self.lock.acquire(run=run, execution_arn=ARN.format(run), now=NOON, is_dead=lambda _: True)
        self.snapshots.claim(run=run, moment=moment)
        self.runs.start(
            RunRecord(
                run=run,
                export="reviews",
                execution_arn=ARN.format(run),
                state=RunState.RUNNING,
                step="read",
                started_at=moment,
            )
        )
        return Plan(
            run=run,
            execution_arn=ARN.format(run),
            fence=fence,
            moment=moment,
            started_at=moment,
            route="scan",
            deployed=self.deployed,
            source=SourceTable(
                name="Reviews",
                arn="arn",
                item_count=2,
                size_bytes=10,
                on_demand=False,
                key_attributes={"Id": "S"},
            ),
            rate=ReadRate(units_per_second=1, basis="a test"),
            consistent_read=False,
            segments=1,
            workers=2,
            timeout_minutes=60,
        )

    def commit(self, plan: Plan, rows: int = 2) -> Manifest:
        committed = manifest(snapshot=plan.snapshot, rows=rows, run=plan.run)
        save(self.s3, plan.manifest_uri, committed)
        self.s3.put_object(
            Bucket=BUCKET, Key=f"{plan.data_prefix}part-00000-0000-{plan.token}.parquet", Body=b"x"
        )
        self.lake.register(committed)
        return committed

    def verify(self, plan: Plan, committed: Manifest) -> None:
        self.snapshots.verified(
            Snapshot(
                snapshot=plan.snapshot,
                run=plan.run,
                state="verified",
                manifest=plan.manifest_uri,
                rows=committed.rows,
                bytes_written=10,
            ),
            fence=plan.fence,
        )

    def publisher(self) -> Publisher:
        return Publisher(s3=self.s3, snapshots=self.snapshots, lake=self.lake)

    def succeed(self, run: str, day: int, rows: int = 2) -> Plan:
        plan = self.begin(run, day)
        committed = self.commit(plan, rows)
        self.verify(plan, committed)
        self.publisher().publish(committed, fence=plan.fence)
        self.runs.update("reviews", run, step="retain")
        return plan

    def close(self, run: str, status: str = "FAILED", **fields: str) -> None:
        closer = Closer(
            s3=self.s3,
            dynamodb=self.dynamodb,
            liveness=cast("Liveness", self.jobs),
            lake=self.lake,
            deployed=self.deployed,
            notify=self.notify,
        )
        event = {
            "executionArn": ARN.format(run),
            "status": status,
            "input": '{"export": "reviews"}',
            **fields,
        }
        closer.close(ExecutionEnd.model_validate(event), now=NOON)

    def notify(self, subject: str, text: str) -> None:
        if self.topic_is_broken:
            raise ConnectionError("no route to SNS")
        self.notices.append((subject, text))

    def keys(self) -> list[str]:
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def data_keys(self) -> list[str]:
        return [key for key in self.keys() if key.startswith("snapshots_reviews/")]


@pytest.fixture
def world(dynamodb: "DynamoDBClient", s3: "S3Client", deployed: Deployed) -> World:
    return World(dynamodb, s3, deployed)


def test_a_count_that_disagrees_stops_the_run_before_publish(world: World) -> None:
    """The message has both counts and where to look."""
    with pytest.raises(
        VerificationError, match="Athena counts 3 rows in snapshot 20261121T120000Z, the files hold 2"
    ):
        verify_readable(world.lake, manifest(), counted=3)


def test_a_column_that_cannot_be_read_stops_the_run_before_publish(world: World) -> None:
    """A count alone would not have seen it."""
    world.lake.broken.add(DAY_1)
    with pytest.raises(CatalogError, match="HIVE_BAD_DATA"):
        verify_readable(world.lake, manifest(), counted=2)


def test_publishing_moves_pointer_and_view(world: World) -> None:
    """Both say the same snapshot."""
    world.succeed("run-1", 1)
    world.succeed("run-2", 2, rows=3)
    assert world.snapshots.published() == DAY_2
    assert world.lake.shown is not None
    assert (world.lake.shown.snapshot, world.lake.shown.rows) == (DAY_2, 3)


def test_a_view_that_cannot_be_moved_stays_and_so_does_the_pointer(world: World) -> None:
    """The old snapshot is shown as before."""
    world.succeed("run-1", 1)
    world.lake.broken.add(DAY_2)
    with pytest.raises(CatalogError):
        world.succeed("run-2", 2)
    assert world.snapshots.published() == DAY_1
    assert world.lake.shown is not None
    assert world.lake.shown.snapshot == DAY_1


def test_an_error_of_aws_takes_the_pointer_back_too(world: World) -> None:
    """Not only errors of our own may come between pointer and view."""
    world.succeed("run-1", 1)
    world.lake.refused.add(DAY_2)
    with pytest.raises(ClientError):
        world.succeed("run-2", 2)
    assert world.snapshots.published() == DAY_1
    assert world.lake.shown is not None
    assert world.lake.shown.snapshot == DAY_1


def test_a_view_that_shows_other_rows_is_moved_back(world: World) -> None:
    """The first publication leaves an empty view, as before."""
    world.lake.rows_off_by = 1
    with pytest.raises(VerificationError, match="the view shows 3 rows after it was moved"):
        world.succeed("run-1", 1)
    assert world.snapshots.published() is None
    assert world.lake.shown is None


def test_an_older_moment_does_not_move_the_view_back(world: World) -> None:
    """A late run of yesterday ends with an error."""
    world.succeed("run-2", 2)
    with pytest.raises(CatalogError, match="which is newer than"):
        world.succeed("run-1", 1)
    assert world.lake.shown is not None
    assert world.lake.shown.snapshot == DAY_2


def test_retention_removes_data_partition_and_entry_of_the_oldest(world: World) -> None:
    """Only as many verified snapshots stay as configured."""
    world.deployed = world.deployed.model_copy(update={"retain_snapshots": 2})
    for day, run in enumerate(("run-1", "run-2", "run-3"), start=1):
        plan = world.succeed(run, day)
    retention = Retention(
        s3=world.s3, snapshots=world.snapshots, lock=world.lock, lake=world.lake, deployed=world.deployed
    )
    assert retention.retain(plan) == [DAY_1]
    assert [snapshot.snapshot for snapshot in world.snapshots.all()] == [DAY_3, DAY_2]
    assert sorted(world.lake.registered) == [DAY_2, DAY_3]
    assert not any(DAY_1 in key for key in world.data_keys())
    assert retention.retain(plan) == []


def test_retention_of_a_run_that_lost_its_lock_removes_nothing(world: World) -> None:
    """Deleting is fenced like publishing."""
    world.deployed = world.deployed.model_copy(update={"retain_snapshots": 1})
    world.succeed("run-1", 1)
    plan = world.succeed("run-2", 2)
    world.lock.release(run="run-2")
    retention = Retention(
        s3=world.s3, snapshots=world.snapshots, lock=world.lock, lake=world.lake, deployed=world.deployed
    )
    with pytest.raises(LockLostError):
        retention.retain(plan)
    assert len(world.data_keys()) == 2


def test_closing_a_failed_run_leaves_nothing_of_it(world: World) -> None:
    """Files, uploads, partition and claim are gone, the old view stays, the lock is free."""
    world.succeed("run-1", 1)
    plan = world.begin("run-2", 2)
    world.commit(plan)
    world.s3.create_multipart_upload(
        Bucket=BUCKET, Key=f"{plan.data_prefix}part-00001-0000-{plan.token}.parquet"
    )
    world.close(
        "run-2",
        error="VerificationError",
        cause=json.dumps({"errorType": "VerificationError", "errorMessage": "bad"}),
    )
    assert all(DAY_1 in key for key in world.data_keys())
    assert "Uploads" not in world.s3.list_multipart_uploads(Bucket=BUCKET)
    assert list(world.lake.registered) == [DAY_1]
    assert [snapshot.snapshot for snapshot in world.snapshots.all()] == [DAY_1]
    assert world.lake.shown is not None
    assert world.lake.shown.snapshot == DAY_1
    assert world.lock.holder() is None


def test_closing_records_and_tells_why_what_is_safe_and_what_to_do(world: World) -> None:
    """Subject, cause, state of the view, next step."""
    world.succeed("run-1", 1)
    world.begin("run-2", 2)
    world.close(
        "run-2",
        cause=json.dumps({"JobRunState": "FAILED", "ErrorMessage": "SourceError: table 'Reviews' is gone"}),
    )
    record = world.runs.get("reviews", "run-2")
    assert record is not None
    assert (record.state, record.error) == (
        RunState.FAILED,
        "SourceError: table 'Reviews' is gone",
    )
    [(subject, text)] = world.notices
    assert subject == "Lakeshot: export reviews FAILED"
    assert "run run-2: FAILED in step 'read'" in text
    assert "The view 'reviews' still shows snapshot 20261121T120000Z." in text
    assert "Next step: Correct the source table or its name, then run again." in text


def test_closing_twice_tells_once(world: World) -> None:
    """The event comes after the state machine's own Catch."""
    world.begin("run-1", 1)
    world.close("run-1", cause="boom")
    world.close("run-1", cause="boom")
    assert len(world.notices) == 1


def test_closing_stops_the_job_first(world: World) -> None:
    """A job that still runs could write after the cleaning. A stop's event may come without its cause."""
    world.begin("run-1", 1)
    world.jobs.alive = ["jr_1"]
    world.close("run-1", status="ABORTED")
    assert world.jobs.stopped == ["jr_1"]
    record = world.runs.get("reviews", "run-1")
    assert record is not None
    assert (record.state, record.error) == (RunState.ABORTED, "the run was stopped: stopped by ana")


def test_closing_a_refused_run_leaves_the_lock_to_its_holder(world: World) -> None:
    """The second of two runs ends without touching the first."""
    plan = world.begin("run-1", 1)
    world.commit(plan)
    world.runs.start(
        RunRecord(
            run="run-2",
            export="reviews",
            execution_arn=ARN.format("run-2"),
            state=RunState.RUNNING,
            step="plan",
            started_at=NOON,
        )
    )
    world.close("run-2", cause="refused")
    world.lock.check(run="run-1", fence=plan.fence)
    assert len(world.data_keys()) == 1


def test_closing_after_publish_keeps_what_is_published(world: World) -> None:
    """A run that failed while it reported has still published a verified snapshot, and the notice says so."""
    plan = world.succeed("run-1", 1)
    world.runs.update("reviews", "run-1", snapshot=plan.snapshot)
    world.close("run-1", cause="report failed")
    assert world.snapshots.published() == plan.snapshot
    assert len(world.data_keys()) == 1
    [(_, text)] = world.notices
    assert "shows this run's own snapshot 20261121T120000Z, verified and published before." in text


def test_closing_takes_back_a_publication_that_was_left_half_done(world: World) -> None:
    """The function died after the pointer: the snapshot before is shown, and nothing of this run stays."""
    world.succeed("run-1", 1)
    world.succeed("run-2", 2)
    world.runs.update("reviews", "run-2", step="publish")
    world.close("run-2", cause="Lambda timed out")
    assert world.snapshots.published() == DAY_1
    assert world.lake.shown is not None
    assert world.lake.shown.snapshot == DAY_1
    assert all(DAY_1 in key for key in world.data_keys())


def test_nothing_is_removed_while_the_view_cannot_be_moved_back(world: World) -> None:
    """The next close tries again."""
    world.succeed("run-1", 1)
    world.succeed("run-2", 2)
    world.runs.update("reviews", "run-2", step="publish")
    world.lake.refused.add(DAY_1)
    with pytest.raises(ClientError):
        world.close("run-2", cause="Lambda timed out")
    assert len(world.data_keys()) == 2
    world.lake.refused.clear()
    world.close("run-2", cause="Lambda timed out")
    assert world.snapshots.published() == DAY_1
    assert all(DAY_1 in key for key in world.data_keys())


def test_a_run_that_never_got_a_record_is_told_and_recorded(world: World) -> None:
    """Its payload could not even be read."""
    world.close(
        "run-1", cause=json.dumps({"errorType": "PayloadError", "errorMessage": "field 'job': missing"})
    )
    record = world.runs.get("reviews", "run-1")
    assert record is not None
    assert (record.state, record.error) == (RunState.FAILED, "PayloadError: field 'job': missing")
    assert len(world.notices) == 1


def test_a_notice_that_cannot_be_sent_is_sent_by_the_next_close(world: World) -> None:
    """The record says that the run ended only after somebody was told."""
    world.begin("run-1", 1)
    world.topic_is_broken = True
    with pytest.raises(ConnectionError):
        world.close("run-1", cause="boom")
    world.topic_is_broken = False
    world.close("run-1", cause="boom")
    assert len(world.notices) == 1


def test_an_execution_that_named_no_export_is_told_all_the_same() -> None:
    """Somebody pasted a wrong payload."""
    end = ExecutionEnd.model_validate(
        {"executionArn": ARN.format("x"), "status": "FAILED", "cause": "no export"}
    )
    subject, text = undeployed_notice(end)
    assert subject == "Lakeshot: execution x FAILED"
    assert "Cause: no export" in text


def test_a_runs_token_marks_its_files(world: World) -> None:
    """Cleaning one run cannot remove another run's file of the same moment."""
    plan = world.begin("run-1", 1)
    other = f"{plan.data_prefix}part-00000-0000-{run_token('somebody-else')}.parquet"
    world.s3.put_object(Bucket=BUCKET, Key=other, Body=b"x")
    world.close("run-1", cause="boom")
    assert world.data_keys() == [other]
