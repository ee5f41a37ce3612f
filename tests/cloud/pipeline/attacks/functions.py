"""The deployed functions of the steps, called again with what the state machine gave them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakeshot.model import Model
from lakeshot.runs.plan import plan_uri
from lakeshot.steps.messages import (
    PlanInput,
    RunInput,
    StepInput,
    VerifyFilesInput,
    VerifyReadableInput,
)
from tests.cloud.local.account import wait_for
from tests.cloud.pipeline.pipeline import NAMES, Pipeline

STEPS = ("plan", "verify_files", "catalog", "verify_readable", "publish", "retain", "report")


@dataclass(frozen=True)
class Answer:
    """What a function answered: its result, or the name of the error it raised."""

    result: object = None
    error: str | None = None


def given(pipeline: Pipeline, export: str, run: str, step: str) -> Mapping[str, Any]:
    """What the state machine gave the function of a step, taken from the execution and its history."""
    execution = pipeline.client("stepfunctions").describe_execution(executionArn=pipeline.arn(run))
    plan = plan_uri(pipeline.deployed(export), run)
    model: Model
    if step == "plan":
        model = PlanInput(
            payload=json.loads(execution["input"]),
            execution_arn=execution["executionArn"],
            started_at=execution["startDate"],
            redrive=0,
        )
    elif step == "verify_files":
        model = VerifyFilesInput(plan=plan, redrive=0, verifier=0)
    elif step == "verify_readable":
        query = entered(pipeline, run, "VerifyReadable")["count"]["query_execution_id"]
        model = VerifyReadableInput(plan=plan, redrive=0, query_execution_id=query)
    elif step == "catalog":
        model = StepInput(plan=plan, redrive=0)
    else:
        model = RunInput(plans=(plan,), redrive=0)
    return model.model_dump(mode="json")


def invoke(pipeline: Pipeline, export: str, run: str, step: str) -> Answer:
    """Call a step's function once more and wait for its answer."""
    called = pipeline.client("lambda").invoke(
        FunctionName=NAMES.function(step), Payload=json.dumps(given(pipeline, export, run, step))
    )
    answered = json.loads(called["Payload"].read())
    if "FunctionError" in called:
        return Answer(error=answered["errorType"])
    return Answer(result=answered)


def entered(pipeline: Pipeline, run: str, state: str) -> Mapping[str, Any]:
    """The input of a state that an execution has entered."""
    history = pipeline.client("stepfunctions").get_execution_history(
        executionArn=pipeline.arn(run), maxResults=1000
    )
    details = (event.get("stateEnteredEventDetails", {}) for event in history["events"])
    [found] = [detail["input"] for detail in details if detail.get("name") == state]
    document: Mapping[str, Any] = json.loads(found)
    return document


def result(pipeline: Pipeline, run: str, state: str) -> object:
    """What the function of a state answered in an execution."""
    history = pipeline.client("stepfunctions").get_execution_history(
        executionArn=pipeline.arn(run), maxResults=1000
    )["events"]
    names = {event["id"]: event.get("stateEnteredEventDetails", {}).get("name") for event in history}
    position = next(at for at, event in enumerate(history) if names[event["id"]] == state)
    succeeded = next(event for event in history[position:] if event["type"] == "TaskSucceeded")
    return json.loads(succeeded["taskSucceededEventDetails"]["output"])["Payload"]


def outcome(pipeline: Pipeline, step: str, run: str) -> str:
    """How the one call of a step's function for a run ended, waited for: "finished", or its error's name."""
    name = NAMES.function(step)

    def read() -> list[str]:
        lines = _log(pipeline, name)
        told = [json.loads(line) for line in lines if line.startswith("{")]
        requests = {one["request"] for one in told if run in json.dumps(one.get("given", ""))}
        ended = [one for one in told if one["message"] in {"step finished", "step failed"}]
        found = [one.get("error", "finished") for one in ended if one["request"] in requests]
        if not found and any(f"END RequestId: {request}" in lines for request in requests):
            # The embedded cloud may read a function's last words only when it calls it the next time.
            pipeline.client("lambda").invoke(FunctionName=name, Payload=b"{}")
        return found

    [found] = wait_for(read, bool)
    return found


def _log(pipeline: Pipeline, function: str) -> list[str]:
    """All that a function has said, line by line."""
    logs, group = pipeline.client("logs"), f"/aws/lambda/{function}"
    streams = [one["logStreamName"] for one in logs.describe_log_streams(logGroupName=group)["logStreams"]]
    pages = [logs.get_log_events(logGroupName=group, logStreamName=stream) for stream in streams]
    return [line for page in pages for event in page["events"] for line in event["message"].splitlines()]


def job_run_of(pipeline: Pipeline, export: str, run: str) -> str:
    """The Glue job run of a run that reads."""
    record = wait_for(
        lambda: pipeline.record(export, run), lambda record: record.job_run_id is not None, seconds=30
    )
    return str(record.job_run_id)
