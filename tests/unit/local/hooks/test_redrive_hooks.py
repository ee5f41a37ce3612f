"""What a redrive runs again, and what the failure of one Map iteration stops."""

import json
import threading
from collections import Counter
from typing import Any

import pytest
from ministack.services import eventbridge

from local.hooks import JsonObject, Task, TaskFailedError, check_wanted, register_integration
from local.hooks.executions import follow_execution_rules
from local.hooks.states import enforce_state_machine_roles
from tests.unit.local.hooks.calls import call, make_role, wait_for

RESOURCE = "arn:aws:states:::glue:startJobRun"


class Work:
    """An integration that fails or hangs for the names it is told, and counts what it was asked to do."""

    def __init__(self) -> None:
        self.failing: set[str] = set()
        self.hanging: set[str] = set()
        self.seen: list[JsonObject] = []
        self.given_up: list[object] = []
        self.gates: list[threading.Event] = []

    def do(self, task: Task) -> JsonObject:
        self.seen.append(task.parameters)
        name = str(task.parameters["JobName"])
        if self.gates:
            self.gates.pop(0).wait(10)
        while name in self.hanging:
            try:
                check_wanted()
            except Exception:
                self.given_up.append(name)
                raise
            threading.Event().wait(0.01)
        if name in self.failing:
            raise TaskFailedError("States.TaskFailed", f"{name} broke")
        return {"done": name}

    def counts(self) -> dict[object, int]:
        return dict(Counter(parameters["JobName"] for parameters in self.seen))


@pytest.fixture
def work() -> Work:
    follow_execution_rules()
    enforce_state_machine_roles()
    work = Work()
    register_integration(RESOURCE, work.do)
    return work


def task(name: str, **fields: object) -> JsonObject:
    return {"Type": "Task", "Resource": f"{RESOURCE}.sync", "Parameters": {"JobName": name}, **fields}


def own(**fields: object) -> JsonObject:
    """A task that works under the name of its iteration's item."""
    return {"Type": "Task", "Resource": f"{RESOURCE}.sync", "Parameters": {"JobName.$": "$"}, **fields}


def states(**states: object) -> JsonObject:
    return {"StartAt": next(iter(states)), "States": states}


def start(definition: JsonObject, document: object = None) -> str:
    role = make_role("states", "states.amazonaws.com")
    machine: JsonObject = {"name": "m", "definition": json.dumps(definition), "roleArn": role}
    made = call("states", "CreateStateMachine", machine)
    request: JsonObject = {"stateMachineArn": made["stateMachineArn"], "input": json.dumps(document or {})}
    return str(call("states", "StartExecution", request)["executionArn"])


def described(arn: str) -> dict[str, Any]:
    return dict(call("states", "DescribeExecution", {"executionArn": arn}))


def finish(arn: str) -> dict[str, Any]:
    wait_for(lambda: described(arn)["status"] != "RUNNING")
    return described(arn)


def redrive(arn: str, **token: object) -> JsonObject:
    return call("states", "RedriveExecution", {"executionArn": arn, **token})


def history(arn: str) -> list[Any]:
    events: Any = call("states", "GetExecutionHistory", {"executionArn": arn, "maxResults": 1000})["events"]
    return list(events)


def test_a_redrive_continues_from_the_state_that_failed(work: Work) -> None:
    """States that succeeded are kept, the failed one runs again with the input it had."""
    keep = {"Type": "Pass", "Result": {"x": 1}, "ResultPath": "$.kept", "Next": "Second"}
    second: JsonObject = task("second", ResultPath="$.second", End=True)
    second["Parameters"] = {"JobName": "second", "given.$": "$.kept.x", "n.$": "$$.Execution.RedriveCount"}
    work.failing = {"second"}
    arn = start(states(First=task("first", ResultPath=None, Next="Keep"), Keep=keep, Second=second), {"a": 0})
    failed = finish(arn)
    assert (failed["status"], failed["redriveCount"], failed["redriveStatus"]) == ("FAILED", 0, "REDRIVABLE")
    assert "redriveDate" not in failed
    work.failing = set()
    assert redrive(arn).keys() == {"redriveDate"}
    ended = finish(arn)
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"]) == {"a": 0, "kept": {"x": 1}, "second": {"done": "second"}}
    assert (ended["redriveCount"], ended["redriveStatus"]) == (1, "NOT_REDRIVABLE")
    assert ended["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    assert not {"error", "cause"} & ended.keys()
    assert work.counts() == {"first": 1, "second": 2}
    assert [parameters.get("n") for parameters in work.seen] == [None, 0, 1]
    kinds = [event["type"] for event in history(arn)]
    assert kinds.count("ExecutionRedriven") == 1
    assert [event["id"] for event in history(arn)] == list(range(1, len(kinds) + 1))


def test_only_what_ended_without_success_is_redriven(work: Work) -> None:
    """RUNNING and SUCCEEDED executions are refused, and so is one that does not exist."""
    work.hanging = {"first"}
    arn = start(states(First=task("first", End=True)))
    assert redrive(arn)["__type"] == "ExecutionNotRedrivable"
    work.hanging = set()
    assert finish(arn)["status"] == "SUCCEEDED"
    assert redrive(arn)["message"] == "Execution is SUCCEEDED and cannot be redriven"
    assert redrive(f"{arn}-other")["__type"] == "ExecutionDoesNotExist"


def test_one_client_token_redrives_once(work: Work) -> None:
    """A repeated RedriveExecution of one token is one redrive."""
    work.failing = {"first"}
    arn = start(states(First=task("first", End=True)))
    finish(arn)
    assert redrive(arn, clientToken="t")["redriveDate"] == redrive(arn, clientToken="t")["redriveDate"]
    assert finish(arn)["redriveCount"] == 1


def test_a_caught_failure_is_left_and_the_fail_state_fails_again(work: Work) -> None:
    """A state left by Catch is not run again; the execution re-enters the Fail state that ended it."""
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Close"}]
    work.failing = {"first"}
    fail = {"Type": "Fail", "Error": "RunFailed", "Cause": "closed"}
    arn = start(
        states(
            First=task("first", Catch=catch, Next="Close"), Close=task("close", Next="Failed"), Failed=fail
        )
    )
    assert finish(arn)["error"] == "RunFailed"
    work.failing = set()
    redrive(arn)
    again = finish(arn)
    assert (again["status"], again["error"], again["redriveCount"]) == ("FAILED", "RunFailed", 1)
    assert work.counts() == {"first": 1, "close": 1}


def nested(failing_state: JsonObject) -> JsonObject:
    """A Map of groups, in each a task and then a Map of its members, as Lakeshot's own state machine has."""
    members = {
        "Type": "Map",
        "ItemsPath": "$.members",
        "ItemProcessor": states(Verify=failing_state),
        "End": True,
    }
    sync: JsonObject = {**own(ResultPath=None, Next="Members"), "Parameters": {"JobName.$": "$.name"}}
    groups = {
        "Type": "Map",
        "ItemsPath": "$.groups",
        "ItemProcessor": states(Sync=sync, Members=members),
        "End": True,
    }
    return states(Groups=groups)


def test_a_redrive_runs_only_the_iterations_that_did_not_succeed(work: Work) -> None:
    """In a Map of Maps, what succeeded keeps its result and everything else continues where it was."""
    groups = [{"name": "g0", "members": ["a", "b"]}, {"name": "g1", "members": ["c", "d"]}]
    work.failing = {"d"}
    definition: Any = nested(own(End=True))
    processor = definition["States"]["Groups"]["ItemProcessor"]["States"]["Members"]["ItemProcessor"]
    # Every other member ends before d fails, so what is run again is known.
    is_last = {"Variable": "$", "StringEquals": "d", "Next": "Last"}
    processor["StartAt"] = "Pick"
    processor["States"] |= {
        "Pick": {"Type": "Choice", "Choices": [is_last], "Default": "Verify"},
        "Last": {"Type": "Wait", "Seconds": 1, "Next": "Verify"},
    }
    arn = start(definition, {"groups": groups})
    failed = finish(arn)
    assert (failed["error"], failed["cause"]) == ("States.TaskFailed", "d broke")
    assert work.counts() == {"g0": 1, "g1": 1, "a": 1, "b": 1, "c": 1, "d": 1}
    work.failing = set()
    redrive(arn)
    ended = finish(arn)
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"]) == [
        [{"done": "a"}, {"done": "b"}],
        [{"done": "c"}, {"done": "d"}],
    ]
    assert work.counts() == {"g0": 1, "g1": 1, "a": 1, "b": 1, "c": 1, "d": 2}


def test_a_map_whose_output_is_too_large_is_redriven_as_a_whole(work: Work) -> None:
    """After States.DataLimitExceeded the iterations that succeeded run again, too."""
    large = {"Type": "Pass", "Result": {"x": "x" * 140_000}, "End": True}
    processor = states(Work=own(ResultPath=None, Next="Large"), Large=large)
    arn = start(states(Members={"Type": "Map", "ItemProcessor": processor, "End": True}), ["a", "b"])
    assert finish(arn)["error"] == "States.DataLimitExceeded"
    redrive(arn)
    assert finish(arn)["error"] == "States.DataLimitExceeded"
    assert work.counts() == {"a": 2, "b": 2}


def test_a_parallel_s_failed_branch_stops_the_others_and_is_redriven_alone(work: Work) -> None:
    """Branches are like iterations: the one that succeeded is kept, the stopped and the failed run again."""
    names = ("kept", "slow", "bad")
    branches = [states(Do=task(name, End=True)) for name in names]
    branches[2] = states(First={"Type": "Wait", "Seconds": 1, "Next": "Do"}, Do=task("bad", End=True))
    work.failing, work.hanging = {"bad"}, {"slow"}
    arn = start(states(All={"Type": "Parallel", "Branches": branches, "End": True}))
    assert finish(arn)["cause"] == "bad broke"
    wait_for(lambda: work.given_up == ["slow"])
    work.failing, work.hanging = set(), set()
    redrive(arn)
    assert json.loads(finish(arn)["output"]) == [{"done": name} for name in names]
    assert work.counts() == {"kept": 1, "slow": 2, "bad": 2}


def test_a_failed_iteration_stops_its_siblings_and_names_the_failure(work: Work) -> None:
    """The Map fails with the first iteration's error; work of the others is given up, nothing follows it."""
    work.failing, work.hanging = {"bad"}, {"g0", "slow"}
    groups = [{"name": "g0", "members": ["never"]}, {"name": "g1", "members": ["slow", "bad"]}]
    arn = start(nested(own(End=True)), {"groups": groups})
    failed = finish(arn)
    assert (failed["error"], failed["cause"]) == ("States.TaskFailed", "bad broke")
    wait_for(lambda: set(work.given_up) == {"g0", "slow"})
    assert "never" not in work.counts()


def test_a_caught_map_failure_has_stopped_the_siblings(work: Work) -> None:
    """Siblings are stopped though the execution goes on, and no Catch or Retry of theirs acts."""
    work.failing, work.hanging = {"bad"}, {"slow", "close"}
    anything: JsonObject = {"ErrorEquals": ["States.ALL"]}
    member = own(Next="After", Catch=[{**anything, "Next": "After"}])
    processor = states(Do=member, After=task("after", End=True))
    bad = {"Variable": "$", "StringEquals": "bad", "Next": "Bad"}
    processor["StartAt"] = "Pick"
    inner: Any = processor["States"]
    inner |= {"Pick": {"Type": "Choice", "Choices": [bad], "Default": "Do"}, "Bad": own(End=True)}
    members: JsonObject = {"Type": "Map", "ItemProcessor": processor, "Next": "Close"}
    members["Catch"] = [{**anything, "Next": "Close"}]
    arn = start(states(Members=members, Close=task("close", End=True)), ["slow", "bad"])
    wait_for(lambda: work.given_up == ["slow"])
    assert described(arn)["status"] == "RUNNING"
    work.hanging = set()
    assert finish(arn)["status"] == "SUCCEEDED"
    assert work.counts() == {"slow": 1, "bad": 1, "close": 1}


def test_a_map_s_own_retry_begins_all_iterations_anew(work: Work) -> None:
    """Retry of a Map is no redrive: what succeeded runs again, too."""
    work.failing = {"bad"}
    late = {"Variable": "$", "StringEquals": "bad", "Next": "Late"}
    processor: JsonObject = states(
        Pick={"Type": "Choice", "Choices": [late], "Default": "Do"},
        Late={"Type": "Wait", "Seconds": 1, "Next": "Do"},
        Do=own(End=True),
    )
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 0, "MaxAttempts": 1}]
    arn = start(
        states(Members={"Type": "Map", "ItemProcessor": processor, "Retry": retry, "End": True}), ["a", "bad"]
    )
    assert finish(arn)["cause"] == "bad broke"
    assert work.counts() == {"a": 2, "bad": 2}


def test_an_abort_stops_every_iteration_of_nested_maps(work: Work) -> None:
    """StopExecution gives up all running work; a redrive continues each iteration where it was."""
    work.hanging = {"a", "b", "g1"}
    groups = [{"name": "g0", "members": ["a", "b"]}, {"name": "g1", "members": ["c"]}]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    definition: Any = nested(own(Catch=catch, Retry=[{"ErrorEquals": ["States.ALL"]}], End=True))
    processor = definition["States"]["Groups"]["ItemProcessor"]["States"]["Members"]["ItemProcessor"]
    processor["States"]["Caught"] = task("caught", End=True)
    arn = start(definition, {"groups": groups})
    wait_for(lambda: work.counts() == {"g0": 1, "g1": 1, "a": 1, "b": 1})
    call("states", "StopExecution", {"executionArn": arn})
    wait_for(lambda: sorted(map(str, work.given_up)) == ["a", "b", "g1"])
    assert described(arn)["redriveStatus"] == "REDRIVABLE"
    assert history(arn)[-1]["type"] == "ExecutionAborted"
    work.hanging = set()
    redrive(arn)
    assert finish(arn)["status"] == "SUCCEEDED"
    assert work.counts() == {"g0": 1, "g1": 2, "a": 2, "b": 2, "c": 1}


def test_work_that_outlives_its_attempt_has_no_effect_on_the_next(work: Work) -> None:
    """A task that nothing can stop, such as a Lambda, ends unheard after an abort and a redrive."""
    first, second = threading.Event(), threading.Event()
    work.gates = [first, second]
    arn = start(states(First=task("first", Next="Second"), Second=task("second", End=True)))
    wait_for(lambda: work.counts() == {"first": 1})
    call("states", "StopExecution", {"executionArn": arn})
    redrive(arn)
    wait_for(lambda: work.counts() == {"first": 2})
    first.set()
    threading.Event().wait(0.3)
    assert work.counts() == {"first": 2}
    assert not {"TaskSucceeded", "TaskStateExited"} & {event["type"] for event in history(arn)}
    assert described(arn)["status"] == "RUNNING"
    second.set()
    assert finish(arn)["status"] == "SUCCEEDED"
    assert work.counts() == {"first": 2, "second": 1}


def test_an_execution_s_time_starts_anew_with_a_redrive(work: Work) -> None:
    """A timed-out execution is redriven with its whole TimeoutSeconds, on the definition it began with."""
    work.hanging = {"first"}
    arn = start(states(First=task("first", End=True)) | {"TimeoutSeconds": 1})
    assert finish(arn)["status"] == "TIMED_OUT"
    other = json.dumps(states(Other={"Type": "Fail"}))
    machine = described(arn)["stateMachineArn"]
    call("states", "UpdateStateMachine", {"stateMachineArn": machine, "definition": other})
    redrive(arn)
    threading.Event().wait(0.3)
    assert described(arn)["status"] == "RUNNING"
    assert finish(arn)["status"] == "TIMED_OUT"
    redrive(arn)
    work.hanging = set()
    assert finish(arn)["status"] == "SUCCEEDED"


def test_status_events_tell_redrives(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every status change is told, those of a redriven execution with their count and date."""
    told: list[dict[str, Any]] = []
    put = eventbridge._put_events

    def see(data: dict[str, Any], *, allow_aws_source: bool = False) -> object:
        answer = put(data, allow_aws_source=allow_aws_source)
        told.extend(json.loads(entry["Detail"]) for entry in data["Entries"])
        return answer

    monkeypatch.setattr(eventbridge, "_put_events", see)
    work.failing = {"first"}
    arn = start(states(First=task("first", End=True)))
    finish(arn)
    redrive(arn)
    finish(arn)
    wait_for(lambda: len(told) == 4)
    assert [(detail["status"], detail["redriveCount"], detail["redriveStatus"]) for detail in told] == [
        ("RUNNING", 0, "NOT_REDRIVABLE"),
        ("FAILED", 0, "REDRIVABLE"),
        ("RUNNING", 1, "NOT_REDRIVABLE"),
        ("FAILED", 1, "REDRIVABLE"),
    ]
    assert told[1]["redriveDate"] is None
    assert isinstance(told[3]["redriveDate"], int)
