"""Runs that go wrong: what was published stays, nothing of the failed run does, and somebody is told why."""

import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cloud.local.account import wait_for
from tests.cloud.pipeline.pipeline import ACCOUNT_ID, BUCKET, Ended, Pipeline

pytestmark = pytest.mark.cloud

DYNAMODB, ATHENA = f"arn:aws:dynamodb:us-east-1:{ACCOUNT_ID}", f"arn:aws:athena:us-east-1:{ACCOUNT_ID}"

ITEMS = [{"Id": {"S": f"{number:04d}"}, "Text": {"S": "x" * 3000}} for number in range(400)]


def assert_told(pipeline: Pipeline, export: str, failed: Ended) -> None:
    """The record has the end and its reason, and a notice was sent."""
    record = pipeline.record(export, failed.run)
    assert record.state == failed.status
    assert record.error
    assert failed.run in pipeline.notice(failed.run)


def test_a_job_that_fails_midway_leaves_the_old_view(pipeline: Pipeline) -> None:
    """The table is deleted when part of it was read already."""
    pipeline.make_table("Midway", ITEMS)
    shown = str(pipeline.record("midway", pipeline.succeed("midway")).snapshot)
    run = pipeline.start("midway", max_read_units=20)
    wait_for(lambda: pipeline.record("midway", run), lambda record: record.rows_done > 0)
    pipeline.client("dynamodb").delete_table(TableName="Midway")
    failed = pipeline.end(run)
    assert failed.status == "FAILED"
    assert pipeline.number('SELECT count(*) FROM "midway"') == 400
    pipeline.assert_settled("midway", shown=shown, kept=[shown])
    assert_told(pipeline, "midway", failed)
    record = pipeline.record("midway", run)
    assert record.error == (
        "SourceError: DynamoDB table 'Midway' does not exist in us-east-1; it may have been deleted during "
        "the run. Check source.table in exports.yaml and start a new run"
    )
    assert f"The view 'midway' still shows snapshot {shown}" in pipeline.notice(run)


def test_a_table_deleted_between_plan_and_read_fails_the_run(pipeline: Pipeline) -> None:
    """The job finds nothing to read; the view has no rows, as before."""
    pipeline.make_table("Vanishing", ITEMS[:2])
    run = pipeline.start("vanishing")
    wait_for(lambda: pipeline.record("vanishing", run), lambda record: record.step == "read")
    pipeline.client("dynamodb").delete_table(TableName="Vanishing")
    failed = pipeline.end(run)
    assert failed.status == "FAILED"
    pipeline.assert_settled("vanishing", shown=None, kept=[])
    assert_told(pipeline, "vanishing", failed)
    assert "DynamoDB table 'Vanishing' does not exist" in str(pipeline.record("vanishing", run).error)


def test_a_second_run_meanwhile_is_refused_and_the_first_can_be_stopped(pipeline: Pipeline) -> None:
    """The second says who holds the lock; stopping the first removes all it wrote."""
    pipeline.make_table("Held", ITEMS)
    first = pipeline.start("held")
    wait_for(lambda: pipeline.record("held", first), lambda record: record.reading_since is not None)
    second = pipeline.run("held")
    assert (second.status, second.error) == ("FAILED", "LockHeldError")
    assert f"export 'held' is being run by '{first}'" in second.cause
    holder = pipeline.holder("held")
    assert holder is not None
    assert holder.run == first

    pipeline.stop(first, "stopped by a test")
    stopped = pipeline.end(first)
    assert stopped.status == "ABORTED"
    wait_for(lambda: pipeline.holder("held"), lambda holder: holder is None)
    pipeline.assert_settled("held", shown=None, kept=[])
    assert_told(pipeline, "held", stopped)
    assert pipeline.record("held", first).error == "the run was stopped: stopped by a test"
    jobs = pipeline.client("glue").get_job_runs(JobName="lakeshot-test-held")["JobRuns"]
    assert [job["JobRunState"] for job in jobs] == ["STOPPED"]


def test_a_file_that_is_changed_after_the_commit_is_never_published(pipeline: Pipeline) -> None:
    """A whole Parquet file of as many rows, but not the one that was written: reading it back tells."""
    pipeline.make_table("Corrupted", ITEMS[:10])
    with changing_the_first_file_of(pipeline, "corrupted"):
        failed = pipeline.run("corrupted")
    assert (failed.status, failed.error) == ("FAILED", "VerificationError")
    assert "is not the file that was committed" in failed.cause
    pipeline.assert_settled("corrupted", shown=None, kept=[])
    assert_told(pipeline, "corrupted", failed)


@contextmanager
def changing_the_first_file_of(pipeline: Pipeline, export: str) -> Iterator[None]:
    """Overwrite a data file as soon as there is one, which is while the job still commits."""
    over = threading.Event()

    def change() -> None:
        s3 = pipeline.client("s3")
        while not over.is_set():
            for key in pipeline.objects(export)[:1]:
                written = pq.read_table(io.BytesIO(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()))
                other = io.BytesIO()
                pq.write_table(pa.table({"id": ["forged"] * written.num_rows}), other)
                s3.put_object(Bucket=BUCKET, Key=key, Body=other.getvalue())
                return
            time.sleep(0.05)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize(
    "missing",
    [
        ("unpermitted-job", "dynamodb:DescribeTable", f"{DYNAMODB}:table/Unpermitted", "plan"),
        ("unpermitted-job", "dynamodb:Scan", f"{DYNAMODB}:table/Unpermitted", "read"),
        ("unpermitted-job", "s3:PutObject", f"arn:aws:s3:::{BUCKET}/snapshots_unpermitted/", "read"),
        ("catalog", "glue:BatchCreatePartition", f"arn:aws:glue:us-east-1:{ACCOUNT_ID}:", "catalog"),
        ("publish", "athena:StartQueryExecution", f"{ATHENA}:workgroup/lakeshot-test", "publish"),
    ],
)
def test_a_missing_permission_is_named_with_action_and_resource(
    pipeline: Pipeline, unpermitted: None, missing: tuple[str, str, str, str]
) -> None:
    """Whoever has to allow it can copy both from the message; nothing is published, nothing remains."""
    role, action, resource, step = missing
    iam, name = pipeline.client("iam"), f"lakeshot-test-{role}"
    denial = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
    iam.put_role_policy(RoleName=name, PolicyName="denied", PolicyDocument=json.dumps(denial))
    try:
        failed = pipeline.run("unpermitted")
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="denied")
    record = pipeline.record("unpermitted", failed.run)
    assert failed.status == "FAILED"
    assert f"may not perform {action} on {resource}" in str(record.error)
    assert record.next_step == "Allow what the cause names, then run again."
    assert record.step == step
    pipeline.assert_settled("unpermitted", shown=None, kept=[])
    assert_told(pipeline, "unpermitted", failed)


@pytest.fixture(scope="module")
def unpermitted(pipeline: Pipeline) -> None:
    """The table of the export that one permission is taken from."""
    pipeline.make_table("Unpermitted", ITEMS[:2])


def test_a_payload_with_a_missing_field_is_recorded_and_told(pipeline: Pipeline) -> None:
    """The run never got as far as a plan."""
    payload = pipeline.deployed("unpermitted").payload().model_dump(mode="json")
    del payload["destination"]
    failed = pipeline.end(pipeline.start_with(payload))
    assert (failed.status, failed.error) == ("FAILED", "PayloadError")
    assert "field 'destination': missing" in pipeline.notice(failed.run)
    assert pipeline.record("unpermitted", failed.run).state == "FAILED"


def test_a_payload_for_an_export_that_is_not_deployed_fails_and_is_told(pipeline: Pipeline) -> None:
    """There is no record to write to, so the notice has it all."""
    payload = {**pipeline.deployed("reviews").payload().model_dump(mode="json"), "export": "payments"}
    failed = pipeline.end(pipeline.start_with(payload))
    assert (failed.status, failed.error) == ("FAILED", "PayloadError")
    assert "no export 'payments' is deployed in stage 'test'" in pipeline.notice(failed.run)


def test_a_payload_that_names_another_exports_job_changes_nothing(pipeline: Pipeline) -> None:
    """Who may start executions still cannot choose a role."""
    failed = pipeline.run("scheduled", job="lakeshot-test-reviews")
    assert (failed.status, failed.error) == ("FAILED", "PayloadError")
    assert "field 'job': got 'lakeshot-test-reviews', deployed is 'lakeshot-test-scheduled'" in failed.cause
    assert pipeline.holder("scheduled") is None
