"""The status of every export fits one table, and failures are explained below it."""

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
import pytest

from lakeshot.runs.lock import Lock
from lakeshot.runs.records import RunRecord, RunState, RunTable
from lakeshot.runs.snapshots import Snapshot, Snapshots
from operate.context import Context
from operate.status import status
from tests.unit.conftest import NOON, RUN_TABLE
from tests.unit.operate.conftest import EXECUTION, RUN

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

SNAPSHOT = "20261121T100000Z"


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


@pytest.mark.usefixtures("stage")
def test_an_export_that_never_ran(context: Context, results: io.StringIO) -> None:
    """Nothing published, never run, no schedule: said in words."""
    assert status(context) == 0
    assert cells(results.getvalue().splitlines()[2]) == ["reviews", "none yet", "-", "never run", "none", "-"]


@pytest.mark.usefixtures("stage")
def test_a_published_export_with_a_failed_run_and_a_lock(
    context: Context, results: io.StringIO, dynamodb: "DynamoDBClient"
) -> None:
    """Snapshot with its age and rows, the last run with its cause, the schedule, who runs now."""
    lock = Lock(dynamodb, table=RUN_TABLE, export="reviews")
    fence = lock.acquire(run=RUN, execution_arn=EXECUTION, now=NOON, is_dead=lambda _: False)
    snapshots = Snapshots(dynamodb, table=RUN_TABLE, export="reviews")
    snapshots.verified(
        Snapshot(
            snapshot=SNAPSHOT, run=RUN, state="verified", manifest="s3://b/m", rows=1_234, bytes_written=9
        ),
        fence=fence,
    )
    snapshots.publish(SNAPSHOT, run=RUN, fence=fence)
    RunTable(dynamodb, RUN_TABLE).start(
        RunRecord(
            run="reviews-2",
            export="reviews",
            execution_arn=EXECUTION,
            state=RunState.FAILED,
            step="read",
            started_at=NOON - timedelta(hours=1),
            finished_at=NOON - timedelta(minutes=30),
            error="SourceError: table 'Reviews' is gone",
            next_step="Correct the source table.",
        )
    )
    boto3.client("scheduler").create_schedule(
        Name="lakeshot-dev-reviews",
        ScheduleExpression="cron(0 2 * * ? *)",
        ScheduleExpressionTimezone="Europe/Berlin",
        State="DISABLED",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:states:::x", "RoleArn": "arn:aws:iam::123456789012:role/x"},
    )
    status(context)
    lines = results.getvalue().splitlines()
    assert cells(lines[2]) == [
        "reviews",
        "20261121T100000Z (2 h ago)",
        "1,234",
        "FAILED, 30 min ago",
        "disabled: cron(0 2 * * ? *) Europe/Berlin",
        RUN,
    ]
    assert lines[4] == "reviews: run reviews-2: SourceError: table 'Reviews' is gone"
    assert lines[5] == "  next step: Correct the source table."


@pytest.mark.usefixtures("stage")
def test_a_configured_export_that_is_not_deployed_is_listed(context: Context, results: io.StringIO) -> None:
    """What exports.yaml has beyond the deployment is not forgotten."""
    with context.file.open("a") as file:
        file.write("  orders:\n    source: {type: dynamodb, table: Orders}\n")
    status(context)
    assert cells(results.getvalue().splitlines()[3])[:2] == ["orders", "not deployed: make deploy"]
