"""A stage as it is after a deployment, a clock that waits for nobody, and what the commands print."""

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from lakeshot.config.deployed import Deployed
from lakeshot.runs.records import RunRecord, RunState
from operate.context import Context, Output
from operate.flow import Step
from operate.observation import Observation
from tests.unit.conftest import NOON

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

RUN = "reviews-20261121T120000Z-1a2b"
EXECUTION = f"arn:aws:states:us-east-1:123456789012:execution:lakeshot-dev-export:{RUN}"
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
    return Observation(
        run=RUN,
        deployed=deployed,
        at=NOON + timedelta(seconds=20),
        started_at=NOON,
        ended_at=None,
        state=RunState.RUNNING,
        step=Step.READ,
        record=RunRecord(
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
        ),
    )
