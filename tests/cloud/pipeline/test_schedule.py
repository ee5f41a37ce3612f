"""A schedule may deliver an instant more than once: it is one run all the same."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cloud.local.account import REGION
from tests.cloud.pipeline.pipeline import ACCOUNT_ID, NAMES, Pipeline

pytestmark = pytest.mark.cloud

MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT_ID}:stateMachine:{NAMES.state_machine}"


@pytest.fixture(scope="module")
def twice(pipeline: Pipeline) -> str:
    """The input that EventBridge Scheduler delivers, but for the attributes it fills in itself."""
    pipeline.make_table("Twice", [{"Id": {"S": "a"}}, {"Id": {"S": "b"}}])
    schedule = pipeline.client("scheduler").get_schedule(Name="lakeshot-test-twice")
    assert schedule["Target"]["Arn"] == MACHINE
    return str(schedule["Target"]["Input"])


def deliver(pipeline: Pipeline, given: str, scheduled_time: str) -> str:
    """Start an execution with what EventBridge Scheduler sends for an instant; returns the run's id."""
    filled = given.replace("<aws.scheduler.scheduled-time>", scheduled_time)
    assert filled != given
    return pipeline.start_with(json.loads(filled))


def assert_left_to(pipeline: Pipeline, first: str, second: str) -> None:
    """The second run did nothing but say in whose favour."""
    record = pipeline.record("twice", second)
    assert (record.state, record.duplicate_of) == ("SUCCEEDED", first)
    assert (record.snapshot, record.rows, record.job_run_id) == (None, None, None)
    assert pipeline.states(second) == ["Plan", "ChooseWhetherToRun", "AlreadyRun"]


def test_an_instant_that_is_delivered_again_is_read_once(pipeline: Pipeline, twice: str) -> None:
    """Delivered twice at the same moment, and once more when the first was done: one snapshot."""
    instant = "2026-11-22T02:00:00Z"
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: deliver(pipeline, twice, instant), range(2)))
    ended = [pipeline.end(run) for run in runs]
    assert [one.status for one in ended] == ["SUCCEEDED", "SUCCEEDED"], ended
    [reader] = [run for run in runs if "ExportTable" in pipeline.states(run)]
    [other] = set(runs) - {reader}
    assert_left_to(pipeline, reader, other)
    late = deliver(pipeline, twice, instant)
    assert pipeline.end(late).status == "SUCCEEDED"
    assert_left_to(pipeline, reader, late)
    record = pipeline.record("twice", reader)
    assert (record.state, record.scheduled_time, record.duplicate_of) == ("SUCCEEDED", instant, None)
    pipeline.assert_settled("twice", shown=record.snapshot, kept=[str(record.snapshot)])
    jobs = pipeline.client("glue").get_job_runs(JobName="lakeshot-test-twice")["JobRuns"]
    assert [job["Arguments"]["--run"] for job in jobs] == [reader]


def test_an_instant_whose_run_failed_may_be_run_again(pipeline: Pipeline, twice: str) -> None:
    """A person repeats what failed with the very input that failed; other instants are not affected."""
    published = str(pipeline.pointer("twice").snapshot)
    instant = "2026-11-23T02:00:00Z"
    with pipeline.denied("twice-job", "dynamodb:DescribeTable"):
        failed = pipeline.end(deliver(pipeline, twice, instant))
    assert (failed.status, failed.error) == ("FAILED", "PermissionDeniedError")
    failed_input = pipeline.client("stepfunctions").describe_execution(executionArn=pipeline.arn(failed.run))
    again = pipeline.end(pipeline.start_with(json.loads(failed_input["input"])))
    assert again.status == "SUCCEEDED", again
    record = pipeline.record("twice", again.run)
    assert (record.scheduled_time, record.duplicate_of, record.rows) == (instant, None, 2)
    pipeline.assert_settled("twice", shown=record.snapshot, kept=[published, str(record.snapshot)])
    repeated = pipeline.end(deliver(pipeline, twice, instant))
    assert repeated.status == "SUCCEEDED"
    assert_left_to(pipeline, again.run, repeated.run)
