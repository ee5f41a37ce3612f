"""One contract test per hook into executions; each fails when an upgrade moves what the hook holds on to."""

import json
from collections.abc import Callable
from typing import Any

import pytest
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


def passing(parameters: JsonObject, document: JsonObject) -> dict[str, Any]:
    """Execute one Pass state and describe its end."""
    follow_execution_rules()
    role = make_role("states", "states.amazonaws.com")
    described = execute(one_state(Type="Pass", Parameters=parameters), role, input=json.dumps(document))
    wait_for(lambda: described()["status"] != "RUNNING")
    return described()


def test_the_context_object_counts_redrives_from_zero() -> None:
    """RedriveCount resolves in parameters and within intrinsic functions; [*] lists members' fields."""
    parameters: JsonObject = {
        "count.$": "$$.Execution.RedriveCount",
        "text.$": "States.Format('{}/{}', $$.Execution.Name, $$.Execution.RedriveCount)",
        "plans.$": "$.members[*].plan",
        "none.$": "$.none[*].plan",
    }
    ended = passing(parameters, {"members": [{"plan": 1}, {"plan": 2}], "none": []})
    assert json.loads(ended["output"]) == {
        "count": 0,
        "text": f"{ended['name']}/0",
        "plans": [1, 2],
        "none": [],
    }


@pytest.mark.parametrize(
    "path", ["$.missing", "$.a.b", "$$.Execution.RedriveTime", "States.Format('{}', $.missing)"]
)
def test_a_path_that_finds_nothing_ends_the_execution(path: str) -> None:
    """A missing field is States.Runtime and not null, and RedriveTime is missing before a redrive."""
    ended = passing({"x.$": path}, {"a": 1})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
    assert "could not be found in the input" in ended["cause"]


@pytest.mark.parametrize(
    ("error", "caught_by", "caught"),
    [
        ("States.TaskFailed", "States.ALL", True),
        ("States.Runtime", "States.ALL", False),
        ("States.Runtime", "States.TaskFailed", False),
        ("States.DataLimitExceeded", "States.ALL", False),
        ("States.DataLimitExceeded", "States.DataLimitExceeded", True),
    ],
)
def test_terminal_errors_are_not_caught_by_all(error: str, caught_by: str, caught: bool) -> None:
    """States.ALL takes up neither States.Runtime nor States.DataLimitExceeded."""

    def integrate(task: Task) -> JsonObject:
        raise TaskFailedError(error, "broke")

    follow_execution_rules()
    enforce_state_machine_roles()
    register_integration("arn:aws:states:::glue:startJobRun", integrate)
    catch = [{"ErrorEquals": [caught_by], "Next": "Caught"}]
    definition = one_state(
        Type="Task", Resource="arn:aws:states:::glue:startJobRun", Parameters={}, Catch=catch
    )
    states: Any = definition["States"]
    states["Caught"] = {"Type": "Succeed"}
    described = execute(definition, make_role("states", "states.amazonaws.com"))
    wait_for(lambda: described()["status"] != "RUNNING")
    assert described()["status"] == ("SUCCEEDED" if caught else "FAILED")


def test_a_result_selector_sees_the_context_object() -> None:
    """ResultSelector may name what the context object holds, also in a Map's iterations."""
    follow_execution_rules()
    inner = {
        "Type": "Pass",
        "Result": {"a": 1},
        "ResultSelector": {"a.$": "$.a", "index.$": "$$.Map.Item.Index"},
        "End": True,
    }
    processor = {"StartAt": "Inner", "States": {"Inner": inner}}
    role = make_role("states", "states.amazonaws.com")
    described = execute(one_state(Type="Map", ItemProcessor=processor), role, input="[5, 6]")
    wait_for(lambda: described()["status"] != "RUNNING")
    assert json.loads(described()["output"]) == [{"a": 1, "index": 0}, {"a": 1, "index": 1}]
