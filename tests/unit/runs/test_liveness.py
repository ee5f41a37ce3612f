"""Whether a run can still do anything, and how its end would have been told."""

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from lakeshot.runs.liveness import LIVE_JOB_STATES, Liveness
from lakeshot.steps.messages import ExecutionEnd
from tests.unit.conftest import NOON, client_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

FORGOTTEN = "arn:aws:states:us-east-1:123456789012:execution:lakeshot-dev-export:long-ago"


@pytest.fixture
def sfn(aws: None) -> "SFNClient":
    client: SFNClient = client_of("stepfunctions")
    return client


@pytest.fixture
def execution(sfn: "SFNClient") -> str:
    """An execution that goes on until it is stopped."""
    machine = sfn.create_state_machine(
        name="lakeshot-dev-export",
        definition='{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": true}}}',
        roleArn="arn:aws:iam::123456789012:role/states",
    )["stateMachineArn"]
    return sfn.start_execution(stateMachineArn=machine, name="run-1", input='{"export": "reviews"}')[
        "executionArn"
    ]


@pytest.fixture
def liveness(sfn: "SFNClient") -> Liveness:
    return Liveness(sfn=sfn, glue=client_of("glue"))


def test_an_execution_lives_until_it_is_stopped(liveness: Liveness, sfn: "SFNClient", execution: str) -> None:
    """Until then it has no end."""
    assert liveness.end_of(execution) is None
    sfn.stop_execution(executionArn=execution)
    assert liveness.end_of(execution) is not None


def test_an_end_is_told_as_its_event_would_have(liveness: Liveness, sfn: "SFNClient", execution: str) -> None:
    """As JSON from which ``close`` finds out what was run."""
    sfn.stop_execution(executionArn=execution, error="Stopped", cause="by ana")
    told = ExecutionEnd.model_validate(json.loads(json.dumps(liveness.end_of(execution))))
    assert (told.run, told.export, told.status) == ("run-1", "reviews", "ABORTED")


def test_an_end_is_told_with_its_reason_and_its_redrives() -> None:
    """What moto leaves out."""
    found = {
        "executionArn": FORGOTTEN,
        "status": "TIMED_OUT",
        "startDate": NOON,
        "input": '{"group": "nightly"}',
        "error": "States.Timeout",
        "cause": "too slow",
        "redriveCount": 2,
    }
    sfn = SimpleNamespace(
        describe_execution=lambda **_: found, exceptions=SimpleNamespace(ExecutionDoesNotExist=KeyError)
    )
    told = Liveness(sfn=sfn, glue=SimpleNamespace()).end_of(FORGOTTEN)  # type: ignore[arg-type]
    assert ExecutionEnd.model_validate(json.loads(json.dumps(told))) == ExecutionEnd(
        executionArn=FORGOTTEN,
        status="TIMED_OUT",
        input='{"group": "nightly"}',
        error="States.Timeout",
        cause="too slow",
        redriveCount=2,
    )


def test_the_end_of_a_forgotten_execution_can_be_told(liveness: Liveness) -> None:
    """Step Functions keeps closed executions for 90 days; then it counts as a failure without a reason."""
    told = ExecutionEnd.model_validate(liveness.end_of(FORGOTTEN))
    assert (told.run, told.status, told.cause) == ("long-ago", "FAILED", None)


@pytest.mark.parametrize("state", ["STARTING", "RUNNING", "STOPPING", "WAITING", "SUCCEEDED", "STOPPED"])
def test_only_a_runs_own_job_runs_live_for_it(state: str) -> None:
    """Those of other runs, and those that ended, do not count; all pages are looked at."""
    pages = [
        {"JobRuns": [{"Id": "jr_1", "JobRunState": "RUNNING", "Arguments": {"--run": "another"}}]},
        {"JobRuns": [{"Id": "jr_2", "JobRunState": "RUNNING"}]},
        {"JobRuns": [{"Id": "jr_3", "JobRunState": state, "Arguments": {"--run": "run-1"}}]},
    ]
    asked: list[str] = []

    def paginate(*, JobName: str) -> list[dict[str, object]]:  # noqa: N803
        asked.append(JobName)
        return pages  # type: ignore[return-value]

    glue = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=paginate))
    liveness = Liveness(sfn=SimpleNamespace(), glue=glue)  # type: ignore[arg-type]
    assert list(liveness.live_job_runs("lakeshot-dev-reviews", "run-1")) == (
        ["jr_3"] if state in LIVE_JOB_STATES else []
    )
    assert asked == ["lakeshot-dev-reviews"]
