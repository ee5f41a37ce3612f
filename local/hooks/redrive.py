"""RedriveExecution: an execution that did not succeed continues where it ended.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
"""

import json
import threading
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import eventbridge, stepfunctions

from local.hooks.interpreter import Chain, Context
from local.hooks.operations import Call, JsonObject, ServiceError, replace_operation

REDRIVABLE = frozenset({"FAILED", "ABORTED", "TIMED_OUT"})
EVENT_LIMIT = 24_999
_KEY = "lakeshotProgress"


@dataclass
class Progress:
    """What an execution keeps from one attempt to the next: its definition as it was at its start, too."""

    chain: Chain
    timeout_seconds: float | None
    first_context: Context
    redrive_count: int = 0
    redrive_date: str | None = None
    tokens: set[object] = field(default_factory=set)

    @classmethod
    def of(cls, execution: dict[str, Any]) -> "Progress":
        """Return the execution's progress, which begins at its first state."""
        if _KEY not in execution:
            machine = stepfunctions._state_machines[execution["stateMachineArn"]]
            definition = json.loads(machine["definition"])
            value = json.loads(execution["input"])
            context = {
                "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
                "Execution": {
                    "Id": execution["executionArn"],
                    "Input": value,
                    "Name": execution["name"],
                    "RoleArn": machine["roleArn"],
                    "StartTime": execution["startDate"],
                },
                "StateMachine": {"Id": machine["stateMachineArn"], "Name": machine["name"]},
                "variables": {},
            }
            chain = Chain(definition["States"], definition["StartAt"], value)
            execution[_KEY] = cls(chain, definition.get("TimeoutSeconds"), context)
        progress: Progress = execution[_KEY]
        return progress

    def context(self) -> Context:
        """Return the context object of the running attempt; RedriveTime is there after a redrive only."""
        redriven = {"RedriveTime": self.redrive_date} if self.redrive_date else {}
        counted = self.first_context["Execution"] | {"RedriveCount": self.redrive_count} | redriven
        return self.first_context | {"Execution": counted}


def allow_redrive() -> None:
    """Serve RedriveExecution, and let descriptions and status events tell redrives."""
    replace_operation("states", "RedriveExecution", _redrive)
    describe, put_events = stepfunctions._describe_execution, eventbridge._put_events

    def describe_execution(data: JsonObject) -> object:
        status, headers, body = describe(data)
        execution = stepfunctions._executions.get(data.get("executionArn"))
        if execution is not None:
            told = {name: value for name, value in redrives(execution).items() if value is not None}
            body = json.dumps(json.loads(body) | told).encode()
        return status, headers, body

    def put(data: dict[str, Any], *, allow_aws_source: bool = False) -> object:
        for entry in data.get("Entries", []) if allow_aws_source else []:
            detail = json.loads(entry["Detail"])
            execution = stepfunctions._executions.get(detail.get("executionArn"))
            if execution is not None:
                told = redrives(execution)
                told["redriveDate"] = stepfunctions._iso_to_epoch_ms(told["redriveDate"])
                entry["Detail"] = json.dumps(detail | told)
        return put_events(data, allow_aws_source=allow_aws_source)

    stepfunctions._describe_execution = describe_execution
    eventbridge._put_events = put


def redrives(execution: dict[str, Any]) -> dict[str, Any]:
    """Tell how often an execution was redriven, when last, and whether it can be."""
    progress, status = execution.get(_KEY), execution["status"]
    can_be = status in REDRIVABLE
    return {
        "redriveCount": progress.redrive_count if progress else 0,
        "redriveDate": progress.redrive_date if progress else None,
        "redriveStatus": "REDRIVABLE" if can_be else "NOT_REDRIVABLE",
        "redriveStatusReason": None if can_be else f"Execution is {status} and cannot be redriven",
    }


def _redrive(call: Call) -> JsonObject:
    arn = str(call.request["executionArn"])
    execution = stepfunctions._executions.get(arn)
    if execution is None:
        raise ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    progress, token = Progress.of(execution), call.request.get("clientToken")
    if token is not None and token in progress.tokens:
        return {"redriveDate": stepfunctions._timestamp_response_value(progress.redrive_date)}
    if execution["status"] not in REDRIVABLE:
        raise ServiceError("ExecutionNotRedrivable", str(redrives(execution)["redriveStatusReason"]))
    if len(execution["events"]) >= EVENT_LIMIT:
        raise ServiceError("ExecutionNotRedrivable", "Execution history event limit exceeded")
    progress.tokens.add(token)
    progress.redrive_count += 1
    progress.redrive_date = now_iso()
    for ended in ("error", "cause", "output", "stopDate"):
        execution[ended] = None
    execution["status"] = "RUNNING"
    details = {"executionRedrivenEventDetails": {"redriveCount": progress.redrive_count}}
    stepfunctions._add_event(execution, "ExecutionRedriven", details)
    stepfunctions._emit_execution_status_event(execution)
    run = copy_context().run
    threading.Thread(target=run, args=(stepfunctions._run_execution, arn), daemon=True).start()
    return {"redriveDate": stepfunctions._timestamp_response_value(progress.redrive_date)}
