"""A stage as it is after a deployment, a clock that waits for nobody, and what the commands print."""

import io
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.names import snapshot_moment
from lakeshot.runs.keys import export_key
from lakeshot.runs.lock import Lock
from lakeshot.runs.pointers import Move, Pointers
from lakeshot.runs.records import RunRecord, RunState
from lakeshot.runs.snapshots import Snapshot, Snapshots
from operate.context import Context, Output
from operate.flow import Step
from operate.observation import MemberSeen, Observation
from operate.target import Target
from tests.unit.conftest import BUCKET, NOON, RUN_TABLE, client_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

RUN = "reviews-20261121T120000Z-1a2b"
ORDERS = "  orders:\n    source: {type: dynamodb, table: Orders}\n"
EXECUTION = f"arn:aws:states:us-east-1:123456789012:execution:lakeshot-dev-export:{RUN}"
GROUP_RUN = "nightly-20261121T120000Z-1a2b"
CONFIG = "exports:\n  reviews:\n    source: {type: dynamodb, table: Reviews}\n"


class FakeClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class FakeTerminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def results() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def messages() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def context(tmp_path: Path, results: io.StringIO, messages: io.StringIO) -> Context:
    """Commands for the stage ``dev`` with one export, ``reviews``."""
    file = tmp_path / "exports.yaml"
    file.write_text(CONFIG)
    return Context(output=Output(results, messages), file=file, clock=FakeClock())


@pytest.fixture(autouse=True)
def _shared_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands make clients for themselves, which takes longer than all else they do."""
    monkeypatch.setattr(boto3, "client", client_of)


@pytest.fixture
def stage(dynamodb: "DynamoDBClient", deployed: Deployed) -> None:
    """The stage ``dev`` with the export ``reviews`` deployed and a state machine whose runs never end."""
    boto3.client("ssm").put_parameter(
        Name="/lakeshot/dev/exports/reviews", Value=deployed.model_dump_json(), Type="String"
    )
    boto3.client("stepfunctions").create_state_machine(
        name="lakeshot-dev-export",
        definition=json.dumps({"StartAt": "Plan", "States": {"Plan": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/lakeshot-dev-export",
    )


@pytest.fixture
def reading(deployed: Deployed) -> Observation:
    """A run that has read a quarter of its items, 20 s after it started and 10 s after it began to read."""
    record = RunRecord(
        run=RUN,
        export="reviews",
        execution_arn=EXECUTION,
        state=RunState.RUNNING,
        step="read",
        started_at=NOON,
        reading_since=NOON + timedelta(seconds=10),
        progress_at=NOON + timedelta(seconds=20),
        rows_done=12_500,
        rows_expected=50_000,
        expected_from="DescribeTable's item count, up to 6 hours old",
        units_consumed=240.0,
        rate_units_per_second=25.0,
        rate_basis="25% of 100 provisioned read units",
    )
    return Observation(
        run=RUN,
        target=Target((deployed,)),
        at=NOON + timedelta(seconds=20),
        started_at=NOON,
        ended_at=None,
        state=RunState.RUNNING,
        step=Step.READ,
        members=(MemberSeen(deployed=deployed, step=Step.READ, record=record),),
        record=record,
    )


def ended(seen: Observation, state: RunState, **changes: object) -> Observation:
    """The same run after its end and its closing, with its record saying so and changed in more than that."""
    assert seen.record is not None
    told = {} if state is RunState.SUCCEEDED else {"error": "told", "next_step": "Run again."}
    record = seen.record.model_copy(update={"state": state, **told, **changes})
    members = tuple(replace(member, record=record) for member in seen.members)
    return replace(seen, record=record, members=members, state=state)


@pytest.fixture
def orders(deployed: Deployed) -> Deployed:
    """The export ``orders`` as deployed."""
    return deployed.model_copy(
        update={"export": "orders", "source": deployed.dynamodb.model_copy(update={"table": "Orders"})}
    )


@pytest.fixture
def nightly(deployed: Deployed, orders: Deployed) -> Target:
    """The group ``nightly`` of ``reviews`` and ``orders``, as deployed."""
    group = DeployedGroup(
        group="nightly", stage="dev", database="lakeshot", bucket=BUCKET, exports=("reviews", "orders")
    )
    return Target((deployed, orders), group)


@pytest.fixture
def group_stage(stage: None, nightly: Target) -> None:
    """The stage ``dev`` with the group ``nightly`` and both its members deployed."""
    assert nightly.group is not None
    parameters = boto3.client("ssm")
    for path, document in (
        ("exports/orders", nightly.members[1].model_dump_json()),
        ("groups/nightly", nightly.group.model_dump_json()),
    ):
        parameters.put_parameter(Name=f"/lakeshot/dev/{path}", Value=document, Type="String")


@pytest.fixture
def together(reading: Observation, nightly: Target) -> Observation:
    """A run of the group: reviews is being read, orders is read and being verified."""
    assert reading.record is not None
    orders = reading.record.model_copy(
        update={"export": "orders", "group": "nightly", "step": "verify files", "rows": 7}
    )
    return replace(
        reading,
        run=GROUP_RUN,
        target=nightly,
        record=reading.record.model_copy(
            update={
                "export": "nightly",
                "members": ("reviews", "orders"),
                "step": "plan",
                "progress_at": None,
            }
        ),
        members=(
            *reading.members,
            MemberSeen(deployed=nightly.members[1], step=Step.VERIFY_FILES, record=orders),
        ),
    )


def verify(
    client: "DynamoDBClient", export: str, *snapshots: str, rows: int = 1_234, catalogued: bool = True
) -> None:
    """Give an export verified snapshots, and show the last of them."""
    table, run = RUN_TABLE, "earlier"
    fence, taking = Lock(client, table=table, partition=export_key(export)).taking(
        run=run, execution_arn=EXECUTION, now=NOON
    )
    client.transact_write_items(TransactItems=[taking])
    entries = Snapshots(client, table=table, export=export)
    for snapshot in snapshots:
        entries.claim(run=run, moment=snapshot_moment(snapshot))
        entries.committed(
            Snapshot(
                snapshot=snapshot,
                run=run,
                state="committed",
                manifest="s3://b/m",
                manifest_sha256="0" * 64,
                rows=rows,
                bytes_written=9,
            ),
            fence=fence,
        )
        if catalogued:
            entries.placed(snapshot, 1, run=run, fence=fence)
        entries.verified(snapshot, rows_shown=rows, run=run, fence=fence)
        move = Move(export=export, snapshot=snapshot, fence=fence)
        pointers = Pointers(client, table=table)
        pointers.announce([move], run=run, allow_older=True)
        pointers.confirm([move], run=run)
    client.transact_write_items(
        TransactItems=[
            Lock(client, table=table, partition=export_key(export)).releasing(run=run, fence=fence)
        ]
    )
