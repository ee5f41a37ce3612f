"""The status of every export fits one table, and failures are explained below it."""

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
import pytest

from lakeshot.config.deployed import Deployed
from lakeshot.files import FileFormat
from lakeshot.runs.keys import export_key, group_key
from lakeshot.runs.lock import Lock
from lakeshot.runs.pointers import Move, Pointers
from lakeshot.runs.records import RunRecord, RunState, RunTable
from operate.context import Context
from operate.status import status
from tests.unit.conftest import NOON, RUN_TABLE
from tests.unit.operate.conftest import EXECUTION, ORDERS, RUN, verify

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

SNAPSHOT = "20261121T100000Z"


def take_lock(client: "DynamoDBClient", partition: str, run: str) -> int:
    """Let a run hold the lock of an export or a group; returns its fencing number."""
    fence, taking = Lock(client, table=RUN_TABLE, partition=partition).taking(
        run=run, execution_arn=EXECUTION, now=NOON
    )
    client.transact_write_items(TransactItems=[taking])
    return fence


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


@pytest.mark.usefixtures("stage")
def test_an_export_that_never_ran(context: Context, results: io.StringIO) -> None:
    """Nothing published, never run, no schedule: said in words."""
    assert status(context) == 0
    assert cells(results.getvalue().splitlines()[2]) == ["reviews", "none yet", "-", "never run", "none", "-"]


@pytest.mark.usefixtures("stage")
def test_an_export_without_a_view_says_so(
    context: Context, results: io.StringIO, dynamodb: "DynamoDBClient", deployed: Deployed
) -> None:
    """Somebody who looks for the published snapshot in Athena would not find it."""
    unread = deployed.model_copy(update={"format": FileFormat.BINARY})
    boto3.client("ssm").put_parameter(
        Name="/lakeshot/dev/exports/reviews", Value=unread.model_dump_json(), Type="String", Overwrite=True
    )
    status(context)
    verify(dynamodb, "reviews", SNAPSHOT)
    status(context)
    lines = [cells(line) for line in results.getvalue().splitlines() if line.startswith("reviews")]
    assert [line[1] for line in lines] == ["none yet; no view", "20261121T100000Z (2 h ago); no view"]


@pytest.mark.usefixtures("stage")
def test_a_published_export_with_a_failed_run_and_a_lock(
    context: Context, results: io.StringIO, dynamodb: "DynamoDBClient"
) -> None:
    """Snapshot with its age and rows, the last run with its cause, the schedule, who runs now."""
    verify(dynamodb, "reviews", SNAPSHOT)
    take_lock(dynamodb, export_key("reviews"), RUN)
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
def test_a_view_that_is_being_moved_is_told(
    context: Context, results: io.StringIO, dynamodb: "DynamoDBClient"
) -> None:
    """Between announcing and confirming, both snapshots are named."""
    verify(dynamodb, "reviews", SNAPSHOT)
    fence = take_lock(dynamodb, export_key("reviews"), RUN)
    move = Move(export="reviews", snapshot="20261121T113000Z", fence=fence)
    Pointers(dynamodb, table=RUN_TABLE).announce([move], run=RUN, allow_older=False)
    status(context)
    shown = cells(results.getvalue().splitlines()[2])[1]
    assert shown == "20261121T100000Z (2 h ago), moving to 20261121T113000Z"


@pytest.mark.usefixtures("group_stage")
def test_a_group_that_never_ran(context: Context, results: io.StringIO) -> None:
    """Its members are named, and the rest is said in words."""
    status(context)
    header, _, line = results.getvalue().splitlines()[5:8]
    assert cells(header)[:3] == ["GROUP", "MEMBERS", "LAST MOMENT"]
    assert cells(line) == ["nightly", "reviews, orders", "none yet", "never run", "none", "-"]


@pytest.mark.usefixtures("group_stage")
def test_a_group_tells_its_moment_its_failure_and_who_runs(
    context: Context, results: io.StringIO, dynamodb: "DynamoDBClient"
) -> None:
    """A failure of the group is explained once, not again for each member."""
    for export in ("reviews", "orders"):
        verify(dynamodb, export, SNAPSHOT)
    failed = RunRecord(
        run="nightly-2",
        export="nightly",
        execution_arn=EXECUTION,
        state=RunState.FAILED,
        step="read",
        started_at=NOON - timedelta(hours=1),
        members=("reviews", "orders"),
        error="SourceError: table 'Orders' is gone",
        next_step="Correct the source table.",
    )
    RunTable.of_groups(dynamodb, RUN_TABLE).start(failed)
    for export in ("reviews", "orders"):
        RunTable(dynamodb, RUN_TABLE).start(
            failed.model_copy(update={"export": export, "members": None, "group": "nightly"})
        )
    take_lock(dynamodb, group_key("nightly"), "nightly-3")
    status(context)
    text = results.getvalue()
    assert cells(text.splitlines()[7]) == [
        "nightly",
        "reviews, orders",
        "20261121T100000Z (2 h ago)",
        "FAILED, 1 h ago",
        "none",
        "nightly-3",
    ]
    assert text.count("SourceError") == 1
    assert "\nnightly: run nightly-2: SourceError: table 'Orders' is gone\n" in text


@pytest.mark.usefixtures("group_stage")
def test_members_that_show_different_moments_are_told(
    context: Context, results: io.StringIO, dynamodb: "DynamoDBClient"
) -> None:
    """Somebody has run or rolled back a member alone."""
    verify(dynamodb, "reviews", SNAPSHOT)
    status(context)
    assert cells(results.getvalue().splitlines()[7])[2] == "members differ"


@pytest.mark.usefixtures("stage")
def test_a_configured_group_that_is_not_deployed_is_listed(context: Context, results: io.StringIO) -> None:
    """It stands in the groups' own table."""
    with context.file.open("a") as file:
        file.write(f"{ORDERS}groups:\n  nightly:\n    exports: [reviews, orders]\n")
    status(context)
    assert cells(results.getvalue().splitlines()[7])[:2] == ["nightly", "not deployed: make deploy"]


@pytest.mark.usefixtures("stage")
def test_a_configured_export_that_is_not_deployed_is_listed(context: Context, results: io.StringIO) -> None:
    """What exports.yaml has beyond the deployment is not forgotten."""
    with context.file.open("a") as file:
        file.write(ORDERS)
    status(context)
    assert cells(results.getvalue().splitlines()[3])[:2] == ["orders", "not deployed: make deploy"]
