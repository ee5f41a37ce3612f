"""How executions start and end: AWS's name and size rules, idempotent starts, time limits, final states."""

import json
import re
import threading
from collections.abc import Callable
from contextvars import copy_context

from ministack.core.responses import error_response_json, json_response, now_iso
from ministack.services import stepfunctions

from local.hooks.interpreter import follow_chains, run_again_entirely, walk
from local.hooks.operations import JsonObject
from local.hooks.paths import fail_on_missing_paths
from local.hooks.redrive import Progress, allow_redrive
from local.hooks.wanted import NoLongerWantedError, check_wanted, wanted_while

PAYLOAD_LIMIT_BYTES = 262_144
EXECUTION_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html, ``name``."""


def follow_execution_rules() -> None:
    """Give ministack's executions the rules of Step Functions that it leaves out.

    Roles are enforced on top of it: call ``enforce_state_machine_roles`` afterwards.
    """
    _follow_start_rules()
    _walk_executions()
    _limit_payloads()
    fail_on_missing_paths()
    allow_redrive()


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


def _walk_executions() -> None:
    fail, invoke = stepfunctions._fail_execution, stepfunctions._invoke_resource

    def fail_execution(execution: JsonObject, error: str, cause: str) -> None:
        # A task that notices the abort raises, and ministack would turn ABORTED into FAILED.
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    def invoke_resource(resource: str, parameters: object) -> object:
        # Retries go on after an abort unless their next attempt is refused.
        check_wanted()
        return invoke(resource, parameters)

    follow_chains()
    stepfunctions._run_execution = run_execution
    stepfunctions._fail_execution = fail_execution
    stepfunctions._invoke_resource = invoke_resource


def run_execution(execution_arn: str) -> None:
    """Take an execution, new or redriven, from the state it is in to its end."""
    execution = stepfunctions._executions[execution_arn]
    progress = Progress.of(execution)
    attempt = progress.redrive_count

    def is_this_attempt() -> bool:
        return bool(execution["status"] == "RUNNING") and progress.redrive_count == attempt

    with wanted_while(is_this_attempt):
        timer = _start_timer(execution, progress, is_this_attempt)
        try:
            output = walk(progress.chain, execution, progress.context())
        except NoLongerWantedError:
            return
        except stepfunctions._ExecutionError as failure:
            stepfunctions._fail_execution(execution, failure.error, failure.cause)
        except Exception as error:  # noqa: BLE001 - an execution that never ends would hang whoever waits
            stepfunctions.logger.exception("unexpected error in execution %s", execution_arn)
            stepfunctions._fail_execution(execution, "States.Runtime", str(error))
        else:
            _succeed(execution, json.dumps(output))
        finally:
            if timer is not None:
                timer.cancel()


def _succeed(execution: JsonObject, output: str) -> None:
    if execution["status"] != "RUNNING":
        return
    execution.update(status="SUCCEEDED", output=output, stopDate=now_iso())
    details = {"executionSucceededEventDetails": {"output": output}}
    stepfunctions._add_event(execution, "ExecutionSucceeded", details)
    stepfunctions._emit_execution_status_event(execution)


def _start_timer(
    execution: JsonObject, progress: Progress, is_this_attempt: Callable[[], bool]
) -> threading.Timer | None:
    """Start the state machine's own TimeoutSeconds; a redrive starts it anew."""
    if progress.timeout_seconds is None:
        return None

    def time_out() -> None:
        if is_this_attempt():
            execution.update(status="TIMED_OUT", stopDate=now_iso())
            stepfunctions._add_event(execution, "ExecutionTimedOut")
            stepfunctions._emit_execution_status_event(execution)

    timer = threading.Timer(progress.timeout_seconds, copy_context().run, (time_out,))
    timer.daemon = True
    timer.start()
    return timer


def _limit_payloads() -> None:
    for kind in ("task", "map", "parallel", "pass"):
        execute = getattr(stepfunctions, f"_execute_{kind}")
        setattr(stepfunctions, f"_execute_{kind}", _limited(execute))


def _limited(execute: Callable[..., tuple[object, str | None]]) -> Callable[..., tuple[object, str | None]]:
    def limited(*arguments: object) -> tuple[object, str | None]:
        output, following = execute(*arguments)
        size = len(json.dumps(output, ensure_ascii=False).encode())
        if size > PAYLOAD_LIMIT_BYTES:
            # AWS redrives such a Map or Parallel with the iterations that succeeded, too.
            run_again_entirely()
            message = f"a state's output of {size} bytes exceeds the limit of {PAYLOAD_LIMIT_BYTES} bytes"
            raise stepfunctions._ExecutionError("States.DataLimitExceeded", message)
        return output, following

    return limited
