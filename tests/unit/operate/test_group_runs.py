"""Runs of a group: started, watched and explained as one, with every member in sight."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import boto3
import pytest

from lakeshot.config.payload import GroupPayload, parse_payload
from lakeshot.runs.records import RunRecord, RunState, RunTable
from lakeshot.steps.failure import Failure
from operate import runs
from operate.context import Context
from operate.errors import CommandError, UsageError
from operate.execution import Execution
from operate.flow import Step
from operate.observation import Observation
from operate.target import Target
from operate.watching import closing_words
from tests.unit.conftest import NOON, RUN_TABLE
from tests.unit.operate.conftest import GROUP_RUN, ended

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:lakeshot-dev-export"

pytestmark = pytest.mark.usefixtures("group_stage")


def sent() -> tuple[str, GroupPayload]:
    """Name and payload of the only execution there is."""
    states = boto3.client("stepfunctions")
    [found] = states.list_executions(stateMachineArn=MACHINE)["executions"]
    described = states.describe_execution(executionArn=found["executionArn"])
    payload = parse_payload(json.loads(described["input"]))
    assert isinstance(payload, GroupPayload)
    return found["name"], payload


@pytest.fixture
def execution(context: Context) -> Execution:
    """The run GROUP_RUN of the group, going on."""
    [deployment] = context.deployments()
    target = deployment.target("nightly")
    assert target is not None
    execution = Execution(deployment, target, GROUP_RUN)
    execution.clients.executions.start_execution(
        stateMachineArn=MACHINE, name=GROUP_RUN, input='{"group": "nightly"}'
    )
    return execution


def test_a_group_is_started_with_its_deployed_payload(
    context: Context, nightly: Target, messages: io.StringIO
) -> None:
    """Its name tells group and start; its input passes the checks of the plan step."""
    runs.start(context, "nightly", {})
    name, payload = sent()
    assert name.startswith("nightly-20261121T120000Z-")
    assert nightly.group is not None
    nightly.group.check(payload)
    assert f"Started run {name} of group 'nightly' (stage dev)." in messages.getvalue()


def test_overrides_are_for_every_member_and_options_for_the_run(context: Context) -> None:
    """Workers are each job's; whether an older moment may be published is said once."""
    runs.start(context, "nightly", {"workers": 4, "allow_older": True})
    _, payload = sent()
    assert [member.workers for member in payload.members] == [4, 4]
    assert payload.allow_older is True


def test_a_wrong_override_starts_nothing(context: Context) -> None:
    """The member and the field are named."""
    with pytest.raises(UsageError, match=r"field 'members\.0\.workers': got 1; allowed: 2 or more"):
        runs.start(context, "nightly", {"workers": 1})
    assert boto3.client("stepfunctions").list_executions(stateMachineArn=MACHINE)["executions"] == []


def test_a_group_whose_member_is_gone_cannot_be_run(context: Context) -> None:
    """Half a group is not started in the hope that nobody misses the other half."""
    boto3.client("ssm").delete_parameter(Name="/lakeshot/dev/exports/orders")
    with pytest.raises(CommandError, match="of its members, orders is not deployed") as caught:
        runs.start(context, "nightly", {})
    assert "make deploy" in str(caught.value)


def start_records(execution: Execution, steps: Sequence[tuple[str, str]]) -> None:
    """Write the records of a group's run: its own, and those of its members with their steps."""
    client = execution.clients.tables
    base: dict[str, Any] = {
        "run": GROUP_RUN,
        "execution_arn": execution.arn,
        "state": RunState.RUNNING,
        "started_at": NOON,
    }
    whole = RunRecord(**base, export="nightly", step="plan", members=tuple(name for name, _ in steps))
    RunTable.of_groups(client, RUN_TABLE).start(whole)
    for name, step in steps:
        RunTable(client, RUN_TABLE).start(RunRecord(**base, export=name, step=step, group="nightly"))


@pytest.mark.parametrize(
    ("newest_state", "steps", "step"),
    [
        ("VerifyFiles", ("read", "verify files"), Step.READ),
        ("ExportTable", ("verify readable", "catalog"), Step.CATALOG),
        ("Publish", ("publish", "publish"), Step.PUBLISH),
        ("Plan", ("plan", "plan"), Step.PLAN),
    ],
)
def test_a_group_is_where_its_slowest_member_is(
    execution: Execution,
    monkeypatch: pytest.MonkeyPatch,
    newest_state: str,
    steps: tuple[str, str],
    step: Step,
) -> None:
    """Members overtake each other; what they do together is told by the execution's history."""
    start_records(execution, [("reviews", steps[0]), ("orders", steps[1])])
    history = {"events": [{"stateEnteredEventDetails": {"name": newest_state}}]}
    monkeypatch.setattr(execution.clients.executions, "get_execution_history", lambda **_: history)
    seen = execution.observe(NOON)
    assert seen.step is step
    assert [member.step.value for member in seen.members] == list(steps)
    assert seen.record is not None
    assert seen.record.members == ("reviews", "orders")


def test_before_the_plan_a_group_is_seen_too(execution: Execution) -> None:
    """No record is there yet, and nobody claims one."""
    seen = execution.observe(NOON)
    assert (seen.step, seen.record) == (Step.PLAN, None)
    assert [member.record for member in seen.members] == [None, None]


def test_a_run_of_a_group_is_found_by_its_id(context: Context, execution: Execution) -> None:
    """Watching and stopping need the run alone."""
    found = Execution.find(context.deployments(), GROUP_RUN)
    assert (found.target.words, found.arn) == ("group 'nightly'", execution.arn)


def test_a_run_of_something_that_is_gone_is_told(context: Context, execution: Execution) -> None:
    """Its execution outlives what was deployed."""
    boto3.client("ssm").delete_parameter(Name="/lakeshot/dev/groups/nightly")
    with pytest.raises(CommandError, match="is of 'nightly', which is not deployed"):
        Execution.find(context.deployments(), execution.run)


def test_a_failed_group_links_the_jobs_of_members_that_were_still_reading(
    execution: Execution, together: Observation
) -> None:
    """Of many members, those whose log may tell why are shown."""
    jobs = boto3.client("glue")
    jobs.create_job(Name="lakeshot-dev-reviews", Role="role", Command={"Name": "glueetl"})
    own = jobs.start_job_run(JobName="lakeshot-dev-reviews", Arguments={"--run": GROUP_RUN})["JobRunId"]
    failure = Failure(cause="SourceError: gone", next_step="Correct it.")
    failed = replace(together, state=RunState.FAILED, failure=failure)
    words = closing_words(execution, failed)
    assert own.split("/")[-1] in next(line for line in words.splitlines() if "job run (reviews)" in line)
    assert "(orders)" not in words


def test_a_watched_groups_json_holds_every_members_record(
    context: Context,
    together: Observation,
    execution: Execution,
    results: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Scripts read the group's record and those of its members."""
    done = ended(together, RunState.SUCCEEDED, snapshot="20261121T120000Z", rows=9)
    monkeypatch.setattr(Execution, "observe", lambda *_: done)
    assert runs.watch(context, execution.run, as_json=True) == 0
    document = json.loads(results.getvalue())
    assert (document["group"], document["record"]["snapshot"]) == ("nightly", "20261121T120000Z")
    members = {name: record["rows"] for name, record in document["members"].items()}
    assert members == {"reviews": 9, "orders": 9}
