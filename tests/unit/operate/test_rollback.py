"""Going back to an earlier snapshot: what there is to go back to, and starting that."""

import io
import json
from typing import TYPE_CHECKING

import boto3
import pytest

from lakeshot.config.payload import parse_payload
from lakeshot.runs.snapshots import Snapshots
from operate.context import Context
from operate.errors import CommandError, UsageError
from operate.execution import Execution
from operate.rollback import rollback
from tests.unit.conftest import NOON, RUN_TABLE
from tests.unit.operate.conftest import verify

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:lakeshot-dev-export"
FIRST, SECOND, THIRD = "20261119T100000Z", "20261120T100000Z", "20261121T100000Z"


@pytest.fixture(autouse=True)
def _left_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watching is tested elsewhere."""

    def detach(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Execution, "observe", detach)


def inputs() -> list[dict[str, object]]:
    """What executions were started with."""
    states = boto3.client("stepfunctions")
    found = states.list_executions(stateMachineArn=MACHINE)["executions"]
    return [json.loads(states.describe_execution(executionArn=one["executionArn"])["input"]) for one in found]


@pytest.mark.usefixtures("stage")
def test_without_a_snapshot_those_to_go_back_to_are_listed(
    context: Context, dynamodb: "DynamoDBClient", results: io.StringIO
) -> None:
    """Moment, rows, which one is shown, and what to type; what is not verified is not offered."""
    verify(dynamodb, "reviews", FIRST, SECOND, THIRD)
    Snapshots(dynamodb, table=RUN_TABLE, export="reviews").claim(run="now", moment=NOON)
    assert rollback(context, "reviews", None, as_json=False) == 0
    assert results.getvalue() == (
        "SNAPSHOT          MOMENT                             ROWS   SHOWN\n"
        "----------------  ---------------------------------  -----  -----\n"
        "20261121T100000Z  2026-11-21 10:00:00 UTC (2 h ago)  1,234  now\n"
        "20261120T100000Z  2026-11-20 10:00:00 UTC (1 d ago)  1,234\n"
        "20261119T100000Z  2026-11-19 10:00:00 UTC (2 d ago)  1,234\n"
        "\n"
        "To show another one, such as 20261120T100000Z:\n"
        "  make rollback EXPORT=reviews SNAPSHOT=20261120T100000Z\n"
    )
    assert inputs() == []


@pytest.mark.usefixtures("stage")
def test_snapshots_that_no_view_could_show_are_not_listed(
    context: Context, dynamodb: "DynamoDBClient", results: io.StringIO
) -> None:
    """They are of a time when the export had none, and are in no table."""
    verify(dynamodb, "reviews", FIRST, catalogued=False)
    verify(dynamodb, "reviews", SECOND)
    rollback(context, "reviews", None, as_json=True)
    (listed,) = json.loads(results.getvalue())["snapshots"]
    assert listed["snapshot"] == SECOND


@pytest.mark.usefixtures("stage")
def test_the_list_is_one_json_object_if_that_is_asked_for(
    context: Context, dynamodb: "DynamoDBClient", results: io.StringIO
) -> None:
    """The newest first, with the exports that show it now; empty if there is none."""
    rollback(context, "reviews", None, as_json=True)
    verify(dynamodb, "reviews", FIRST, SECOND)
    rollback(context, "reviews", None, as_json=True)
    none, two = (json.loads(line) for line in results.getvalue().splitlines())
    assert none == {"export": "reviews", "snapshots": []}
    assert two["snapshots"] == [
        {"snapshot": SECOND, "rows": 1234, "shown_by": ["reviews"]},
        {"snapshot": FIRST, "rows": 1234, "shown_by": []},
    ]


@pytest.mark.usefixtures("stage")
def test_there_may_be_nothing_to_go_back_to(
    context: Context, dynamodb: "DynamoDBClient", results: io.StringIO
) -> None:
    """No snapshot at all, or none but the one shown, is said in words."""
    rollback(context, "reviews", None, as_json=False)
    assert "export 'reviews' has no verified snapshot that could be shown: make run EXPORT=reviews" in (
        results.getvalue()
    )
    verify(dynamodb, "reviews", FIRST)
    rollback(context, "reviews", None, as_json=False)
    assert "There is no other one to roll back to." in results.getvalue()


@pytest.mark.usefixtures("stage")
def test_a_rollback_is_a_run_of_its_own(
    context: Context, dynamodb: "DynamoDBClient", messages: io.StringIO
) -> None:
    """Its payload is the deployed one in the mode rollback, so the plan step takes it."""
    verify(dynamodb, "reviews", FIRST, SECOND)
    assert rollback(context, "reviews", FIRST, as_json=False) == 0
    [sent] = inputs()
    payload = parse_payload(sent)
    assert (payload.mode, payload.snapshot) == ("rollback", FIRST)
    assert f"rolling export 'reviews' back to {FIRST}." in messages.getvalue()


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize("snapshot", ["20261118T100000Z", "20261121T120000Z"])
def test_a_snapshot_that_is_not_kept_or_not_verified_is_refused(
    context: Context, dynamodb: "DynamoDBClient", snapshot: str
) -> None:
    """Nothing is started, and the way to the list is told."""
    verify(dynamodb, "reviews", FIRST)
    Snapshots(dynamodb, table=RUN_TABLE, export="reviews").claim(run="now", moment=NOON)
    with pytest.raises(CommandError, match=f"cannot be rolled back to {snapshot}: no verified") as caught:
        rollback(context, "reviews", snapshot, as_json=False)
    assert "make rollback EXPORT=reviews" in str(caught.value)
    assert inputs() == []


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize("snapshot", ["yesterday", "2026-11-21", "20261321T100000Z"])
def test_what_is_no_snapshot_is_refused(context: Context, snapshot: str) -> None:
    """The message shows how one looks."""
    with pytest.raises(UsageError, match=f"got {snapshot!r}; allowed: a snapshot's name"):
        rollback(context, "reviews", snapshot, as_json=False)


@pytest.mark.usefixtures("group_stage")
def test_a_group_goes_back_to_a_moment_that_all_members_have(
    context: Context, dynamodb: "DynamoDBClient", results: io.StringIO
) -> None:
    """Moments that only some members have are not offered and are refused."""
    verify(dynamodb, "reviews", FIRST, SECOND, THIRD, rows=10)
    verify(dynamodb, "orders", FIRST, SECOND, rows=5)
    rollback(context, "nightly", None, as_json=False)
    assert [line.split()[:1] + line.split()[7:] for line in results.getvalue().splitlines()[2:4]] == [
        [SECOND, "15", "orders"],
        [FIRST, "15"],
    ]
    assert f"make rollback GROUP=nightly SNAPSHOT={SECOND}" in results.getvalue()
    with pytest.raises(CommandError, match="no verified snapshot of that moment is kept for every member"):
        rollback(context, "nightly", THIRD, as_json=False)
    rollback(context, "nightly", FIRST, as_json=False)
    [sent] = inputs()
    assert (sent["group"], sent["mode"], sent["snapshot"]) == ("nightly", "rollback", FIRST)
