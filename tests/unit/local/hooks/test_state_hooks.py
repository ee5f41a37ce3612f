"""One contract test per hook into executions; each fails when an upgrade moves what the hook holds on to."""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.hooks import JsonObject, Task, TaskFailedError, register_integration
from local.hooks.executions import follow_execution_rules
from local.hooks.states import enforce_state_machine_roles
from tests.unit.local.hooks.calls import call, make_role, wait_for


def execute(definition: JsonObject, role: str, **start: object) -> Callable[[], dict[str, Any]]:
    made = call(
        "states", "CreateStateMachine", {"name": "m", "definition": json.dumps(definition), "roleArn": role}
    )
    started = call("states", "StartExecution", {"stateMachineArn": made["stateMachineArn"], **start})
    return lambda: dict(call("states", "DescribeExecution", {"executionArn": started["executionArn"]}))


def one_state(**state: object) -> JsonObject:
    return {"StartAt": "Only", "States": {"Only": {"End": True, **state}}}


def test_an_integration_acts_as_the_state_machine_s_role() -> None:
    """A registered integration gets its parameters and the role, and its failure is the state's."""
    tasks: list[Task] = []

    def integrate(task: Task) -> JsonObject:
        tasks.append(task)
        raise TaskFailedError("States.TaskFailed", "broke")

    enforce_state_machine_roles()
    register_integration("arn:aws:states:::glue:startJobRun", integrate)
    resource = "arn:aws:states:::glue:startJobRun.sync"
    described = execute(
        one_state(Type="Task", Resource=resource, Parameters={"JobName": "j"}),
        make_role("states", "states.amazonaws.com"),
        name="run",
    )
    wait_for(lambda: described()["status"] == "FAILED")
    assert (tasks[0].parameters, tasks[0].waits) == ({"JobName": "j"}, True)
    assert tasks[0].role.principal_arn == "arn:aws:sts::000000000000:assumed-role/states/run"
    assert described()["cause"] == "broke"


def test_a_task_that_fails_after_an_abort_leaves_the_execution_aborted() -> None:
    """A final status is kept."""
    follow_execution_rules()
    execution = {"status": "ABORTED", "executionArn": "a"}
    stepfunctions._fail_execution(execution, "States.TaskFailed", "late")
    assert execution["status"] == "ABORTED"


def test_a_state_s_output_is_limited() -> None:
    """262,144 bytes of a state's output are the most there may be."""
    follow_execution_rules()
    doubling = one_state(Type="Pass", Parameters={"a.$": "$.x", "b.$": "$.x"})
    role = make_role("states", "states.amazonaws.com")
    described = execute(doubling, role, input=json.dumps({"x": "x" * 140_000}))
    wait_for(lambda: described()["status"] == "FAILED")
    assert described()["error"] == "States.DataLimitExceeded"
