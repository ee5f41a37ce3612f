"""How executions start and end: AWS's name and size rules, idempotent starts, time limits, final states."""

import json
import re
import threading
from collections.abc import Callable
from contextvars import copy_context

from ministack.core.responses import error_response_json, json_response, now_iso
from ministack.services import stepfunctions

from local.hooks.operations import JsonObject
from local.hooks.states import execution_is_running

PAYLOAD_LIMIT_BYTES = 262_144
EXECUTION_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html, ``name``."""


def follow_execution_rules() -> None:
    """Give ministack's executions the rules of Step Functions that it leaves out."""
    _follow_start_rules()
    _stop_at_timeout()
    _keep_final_status()
    _limit_payloads()


def _follow_start_rules() -> None:
    start = stepfunctions._start_execution

    def start_execution(data: JsonObject) -> object:
        name = data.get("name")
        if name is not None and not EXECUTION_NAME.fullmatch(str(name)):
            return error_response_json("InvalidName", f"Invalid Name: '{name}'", 400)
        if len(str(data.get("input", "")).encode()) > PAYLOAD_LIMIT_BYTES:
            limit = f"Member must have length less than or equal to {PAYLOAD_LIMIT_BYTES}"
            return error_response_json("ValidationException", f"'input' failed to satisfy: {limit}", 400)
        running = _running_twin(data)
        if running is not None:
            return json_response({"executionArn": running["executionArn"], "startDate": running["startDate"]})
        return start(data)

    stepfunctions._start_execution = start_execution


def _running_twin(data: JsonObject) -> JsonObject | None:
    """Find the running execution of the same machine, name and input, to which a second start is the same."""
    for execution in stepfunctions._executions.values():
        twin: JsonObject = execution
        if (
            twin["name"] == data.get("name")
            and twin["stateMachineArn"] == data.get("stateMachineArn")
            and twin["status"] == "RUNNING"
            and twin["input"] == data.get("input", "{}")
        ):
            return twin
    return None


def _stop_at_timeout() -> None:
    run = stepfunctions._run_execution

    def time_out(execution: JsonObject) -> None:
        if execution["status"] == "RUNNING":
            execution.update(status="TIMED_OUT", stopDate=now_iso())
            stepfunctions._add_event(execution, "ExecutionTimedOut")
            stepfunctions._emit_execution_status_event(execution)

    def run_execution(execution_arn: str) -> None:
        execution = stepfunctions._executions[execution_arn]
        machine = stepfunctions._state_machines[execution["stateMachineArn"]]
        timeout_seconds = json.loads(machine["definition"]).get("TimeoutSeconds")
        if timeout_seconds is None:
            run(execution_arn)
            return
        timer = threading.Timer(timeout_seconds, copy_context().run, (time_out, execution))
        timer.daemon = True
        timer.start()
        try:
            run(execution_arn)
        finally:
            timer.cancel()

    stepfunctions._run_execution = run_execution


def _keep_final_status() -> None:
    fail, invoke = stepfunctions._fail_execution, stepfunctions._invoke_resource

    def fail_execution(execution: JsonObject, error: str, cause: str) -> None:
        # A task that notices the abort raises, and ministack would turn ABORTED into FAILED.
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    def invoke_resource(resource: str, parameters: object) -> object:
        # Map iterations and retries go on after an abort unless their next task is refused.
        if not execution_is_running():
            raise stepfunctions._ExecutionError("States.TaskFailed", "the execution has ended")
        return invoke(resource, parameters)

    stepfunctions._fail_execution = fail_execution
    stepfunctions._invoke_resource = invoke_resource


def _limit_payloads() -> None:
    for kind in ("task", "map", "parallel", "pass"):
        execute = getattr(stepfunctions, f"_execute_{kind}")
        setattr(stepfunctions, f"_execute_{kind}", _limited(execute))


def _limited(execute: Callable[..., tuple[object, str | None]]) -> Callable[..., tuple[object, str | None]]:
    def limited(*arguments: object) -> tuple[object, str | None]:
        output, following = execute(*arguments)
        size = len(json.dumps(output, ensure_ascii=False).encode())
        if size > PAYLOAD_LIMIT_BYTES:
            message = f"a state's output of {size} bytes exceeds the limit of {PAYLOAD_LIMIT_BYTES} bytes"
            raise stepfunctions._ExecutionError("States.DataLimitExceeded", message)
        return output, following

    return limited
