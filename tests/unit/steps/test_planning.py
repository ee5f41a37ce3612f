"""The plan step, against an AWS in memory."""

import json
from typing import TYPE_CHECKING

import boto3
import pytest

from lakeshot.config.deployed import Deployed
from lakeshot.errors import LockHeldError, PayloadError, SourceError
from lakeshot.names import StageNames
from lakeshot.runs.liveness import Liveness
from lakeshot.runs.lock import Lock
from lakeshot.runs.plan import Plan
from lakeshot.runs.records import RunState, RunTable
from lakeshot.steps.messages import PlanInput, Planned
from lakeshot.steps.planning import Planner
from lakeshot.stored import load
from tests.unit.conftest import BUCKET, NOON, RUN_TABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

ARN = "arn:aws:states:us-east-1:123456789012:execution:lakeshot-dev-export:{}"


@pytest.fixture
def planner(dynamodb: "DynamoDBClient", s3: "S3Client", deployed: Deployed) -> Planner:
    """A planner of stage dev, in which `reviews` is deployed and its table has two keys."""
    ssm = boto3.client("ssm")
    ssm.put_parameter(Name="/lakeshot/dev/exports/reviews", Value=deployed.model_dump_json(), Type="String")
    dynamodb.create_table(
        TableName="Reviews",
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}, {"AttributeName": "At", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "Id", "AttributeType": "S"},
            {"AttributeName": "At", "AttributeType": "N"},
        ],
        ProvisionedThroughput={"ReadCapacityUnits": 400, "WriteCapacityUnits": 5},
    )
    return Planner(
        names=StageNames(stage="dev"),
        ssm=ssm,
        s3=s3,
        dynamodb=dynamodb,
        source_client=lambda role_arn: dynamodb,
        liveness=Liveness(sfn=boto3.client("stepfunctions"), glue=boto3.client("glue")),
    )


def given(deployed: Deployed, run: str = "run-1", **changes: object) -> PlanInput:
    payload = {**deployed.payload().model_dump(mode="json"), **changes}
    return PlanInput(payload=payload, execution_arn=ARN.format(run), started_at=NOON)


def planned(
    planner: Planner, deployed: Deployed, run: str = "run-1", **changes: object
) -> tuple[Planned, Plan]:
    result = planner.plan(given(deployed, run, **changes), now=NOON)
    return result, load(planner.s3, result.plan, Plan)


def test_a_plan_settles_rate_moment_and_places(planner: Planner, deployed: Deployed) -> None:
    """A quarter of 400 provisioned units, at the execution's start, in the run's own folder."""
    result, plan = planned(planner, deployed)
    assert result.plan == f"s3://{BUCKET}/runs/reviews/run-1/plan.json"
    assert result.job.name == "lakeshot-dev-reviews"
    assert result.job.arguments == {"--run": "run-1", "--plan": result.plan, "--region": "us-east-1"}
    assert plan.rate.units_per_second == 100
    assert plan.rate.basis == "25% of 400 provisioned read units"
    assert plan.snapshot == "20261121T120000Z"
    assert plan.data_prefix == "snapshots_reviews/snapshot_timestamp=20261121T120000Z/"
    assert plan.source.key_attributes == {"Id": "S", "At": "N"}
    assert plan.fence == 1


def test_planning_again_gives_the_same_plan(planner: Planner, deployed: Deployed) -> None:
    """A Lambda that is invoked twice settles nothing twice."""
    assert planned(planner, deployed) == planned(planner, deployed)


def test_overrides_reach_the_job(planner: Planner, deployed: Deployed) -> None:
    """A person may give one run more workers and another rate."""
    result, plan = planned(planner, deployed, workers=5, timeout_minutes=30, read_percentage=1.0)
    assert (result.job.workers, result.job.timeout_minutes) == (5, 30)
    assert plan.rate.units_per_second == 400


def test_a_second_run_is_refused_while_the_first_lives(
    planner: Planner, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal names the holder, and the record of the refused run exists."""
    planned(planner, deployed, "run-1")
    monkeypatch.setattr(Liveness, "is_dead", lambda *_, **__: False)
    with pytest.raises(LockHeldError, match="is being run by 'run-1'"):
        planned(planner, deployed, "run-2")
    record = RunTable(planner.dynamodb, RUN_TABLE).get("reviews", "run-2")
    assert record is not None
    assert (record.state, record.step) == (RunState.RUNNING, "plan")


def test_a_forgotten_execution_is_taken_over(planner: Planner, deployed: Deployed) -> None:
    """Step Functions no longer knows run-1 and Glue runs nothing of it."""
    boto3.client("glue").create_job(
        Name="lakeshot-dev-reviews", Role="r", Command={"Name": "glueetl", "ScriptLocation": "s3://b/s.py"}
    )
    planned(planner, deployed, "run-1")
    _, plan = planned(planner, deployed, "run-2")
    assert plan.fence == 2
    assert plan.snapshot == "20261121T120001Z"


def test_an_export_that_is_not_deployed_is_named(planner: Planner, deployed: Deployed) -> None:
    """The message says what is missing and how to see what there is."""
    with pytest.raises(PayloadError, match="no export 'payments' is deployed in stage 'dev'"):
        planned(planner, deployed, export="payments")


def test_a_foreign_job_is_refused_before_the_lock_is_taken(planner: Planner, deployed: Deployed) -> None:
    """A wrong payload cannot block the export."""
    with pytest.raises(PayloadError, match="field 'job'"):
        planned(planner, deployed, job="lakeshot-dev-payments")
    assert Lock(planner.dynamodb, table=RUN_TABLE, export="reviews").holder() is None


def test_a_missing_source_table_is_named(planner: Planner, deployed: Deployed) -> None:
    """The table may have been deleted since the export was deployed."""
    planner.dynamodb.delete_table(TableName="Reviews")
    with pytest.raises(SourceError, match="DynamoDB table 'Reviews' does not exist in us-east-1"):
        planned(planner, deployed)


def test_what_the_states_get_is_small(planner: Planner, deployed: Deployed) -> None:
    """References and counts only: Step Functions passes at most 256 KiB between states."""
    result, _ = planned(planner, deployed)
    assert len(json.dumps(result.model_dump(mode="json"))) < 1024
