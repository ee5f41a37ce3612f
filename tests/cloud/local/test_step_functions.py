"""Step Functions of the embedded cloud: waiting integrations, roles, limits and final states."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloud.local.account import BUCKET, Account, wait_for

pytestmark = pytest.mark.cloud

START_QUERY = "arn:aws:states:::athena:startQueryExecution.sync"
START_JOB = "arn:aws:states:::glue:startJobRun.sync"


def job_state(name: str, **fields: object) -> dict[str, object]:
    return {"Type": "Task", "Resource": START_JOB, "Parameters": {"JobName": name}, "End": True} | fields


def machine(**states: object) -> dict[str, object]:
    return {"StartAt": next(iter(states)), "States": states}


def test_waiting_for_a_job_returns_its_job_run(account: Account, job_role: str, states_role: str) -> None:
    """A succeeded .sync state's output is the JobRun in AWS's spelling."""
    name = account.make_job("quick", "print('done')\n", role=job_role)
    arn = account.start_machine("waits", machine(Run=job_state(name)), states_role)
    execution = account.finish_execution(arn)
    assert execution["status"] == "SUCCEEDED", execution
    run = json.loads(execution["output"])
    assert (run["JobName"], run["JobRunState"], run["GlueVersion"]) == ("quick", "SUCCEEDED", "5.1")
    assert run["Id"].startswith("jr_")
    assert isinstance(run["StartedOn"], int)


def test_failed_job_fails_the_state_with_its_job_run_as_cause(
    account: Account, job_role: str, states_role: str
) -> None:
    """A failed .sync state is States.TaskFailed, and its cause is the JobRun as JSON."""
    name = account.make_job("broken", "raise ValueError('no such column')\n", role=job_role)
    arn = account.start_machine("fails", machine(Run=job_state(name)), states_role)
    execution = account.finish_execution(arn)
    assert (execution["status"], execution["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(execution["cause"])["ErrorMessage"].endswith("; ValueError: no such column")


def test_stopping_an_execution_stops_its_job_and_stays_aborted(
    account: Account, job_role: str, states_role: str
) -> None:
    """An aborted execution's job is stopped, and the execution's status stays ABORTED."""
    name = account.make_job("aborted", "import time\ntime.sleep(600)\n", role=job_role)
    arn = account.start_machine("aborts", machine(Run=job_state(name)), states_role)
    wait_for(lambda: account.job_states(name), lambda states: states == ["RUNNING"])
    account.client("stepfunctions").stop_execution(executionArn=arn)
    wait_for(lambda: account.job_states(name), lambda states: states == ["STOPPED"])
    assert account.finish_execution(arn)["status"] == "ABORTED"


def test_timed_out_state_stops_its_job_though_the_error_is_caught(
    account: Account, job_role: str, states_role: str
) -> None:
    """A state's TimeoutSeconds raises States.Timeout and stops the job it waited for."""
    name = account.make_job("tardy", "import time\ntime.sleep(600)\n", role=job_role)
    catch = [{"ErrorEquals": ["States.Timeout"], "Next": "Caught"}]
    run = job_state(name, TimeoutSeconds=1, Catch=catch)
    definition = machine(Run=run, Caught={"Type": "Pass", "End": True})
    execution = account.finish_execution(account.start_machine("times-out", definition, states_role))
    assert json.loads(execution["output"])["Error"] == "States.Timeout"
    wait_for(lambda: account.job_states(name), lambda states: states == ["STOPPED"])


def test_waiting_for_a_query_returns_its_execution_or_its_reason(account: Account, query_role: str) -> None:
    """A .sync query's output is its QueryExecution; a failed one's cause holds Athena's reason."""
    location = {"OutputLocation": f"s3://{BUCKET}/results/"}

    def finish(name: str, sql: str) -> dict[str, Any]:
        parameters = {"QueryString": sql, "ResultConfiguration": location}
        state = {"Type": "Task", "Resource": START_QUERY, "Parameters": parameters, "End": True}
        return account.finish_execution(account.start_machine(name, machine(Query=state), query_role))

    output = json.loads(finish("queries", "SELECT 1 AS one")["output"])
    assert output["QueryExecution"]["Status"]["State"] == "SUCCEEDED"
    failed = finish("misqueries", "SELECT * FROM nowhere.nothing")
    assert failed["error"] == "States.TaskFailed"
    assert "nowhere" in json.loads(failed["cause"])["QueryExecution"]["Status"]["StateChangeReason"]


def test_execution_that_exceeds_its_time_is_timed_out(account: Account, states_role: str) -> None:
    """The state machine's own TimeoutSeconds ends an execution as TIMED_OUT."""
    definition = machine(Sleep={"Type": "Wait", "Seconds": 60, "End": True}) | {"TimeoutSeconds": 1}
    arn = account.start_machine("overdue", definition, states_role)
    assert account.finish_execution(arn)["status"] == "TIMED_OUT"


@pytest.mark.parametrize(
    ("resource", "parameters", "refusal"),
    [
        (
            START_JOB,
            {"JobName": "any"},
            ("Glue", "glue:StartJobRun", "arn:aws:glue:us-east-1:000000000000:job/any"),
        ),
        (
            "arn:aws:states:::aws-sdk:glue:startCrawler",
            {"Name": "any"},
            ("Glue", "glue:StartCrawler", "arn:aws:glue:us-east-1:000000000000:crawler/any"),
        ),
        (
            "arn:aws:states:::dynamodb:getItem",
            {"TableName": "any", "Key": {"id": {"S": "1"}}},
            ("DynamoDB", "dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:000000000000:table/any"),
        ),
    ],
)
def test_state_machine_may_do_only_what_its_role_may(
    account: Account,
    powerless_role: str,
    resource: str,
    parameters: dict[str, object],
    refusal: tuple[str, str, str],
) -> None:
    """A call that the role lacks fails its state, naming role, action and resource."""
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    arn = account.start_machine(f"denied-{resource.rsplit(':', 1)[-1]}", machine(Call=state), powerless_role)
    execution = account.finish_execution(arn)
    service, action, target = refusal
    assert execution["error"] == f"{service}.AccessDeniedException", execution
    assert execution["cause"].startswith("User: arn:aws:sts::000000000000:assumed-role/powerless/")
    assert f"is not authorized to perform: {action} on resource: {target}" in execution["cause"]


def test_state_output_beyond_256_kib_fails(account: Account, powerless_role: str) -> None:
    """A state's output is limited to 262,144 bytes, as on AWS."""
    doubled = {"Type": "Pass", "Parameters": {"a.$": "$.text", "b.$": "$.text"}, "End": True}
    arn = account.start_machine("large", machine(Double=doubled), powerless_role, {"text": "x" * 140_000})
    assert account.finish_execution(arn)["error"] == "States.DataLimitExceeded"


def test_starting_the_same_execution_twice_is_one_execution(account: Account, powerless_role: str) -> None:
    """A running execution's name with the same input is that execution; with another it is refused."""
    definition = json.dumps(machine(Sleep={"Type": "Wait", "Seconds": 600, "End": True}))
    states = account.client("stepfunctions")
    made = states.create_state_machine(name="twice", definition=definition, roleArn=powerless_role)
    start = {"stateMachineArn": made["stateMachineArn"], "name": "20261121T232605Z"}
    first = states.start_execution(**start, input="{}")
    assert states.start_execution(**start, input="{}")["executionArn"] == first["executionArn"]
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        states.start_execution(**start, input='{"other": 1}')
    with pytest.raises(ClientError, match="InvalidName"):
        states.start_execution(stateMachineArn=made["stateMachineArn"], name="2026-11-21T23:26:05Z")
    states.stop_execution(executionArn=first["executionArn"])
