"""``glue:startJobRun`` and ``athena:startQueryExecution``, waited for, as the state machine's role.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from botocore.exceptions import ClientError

from local.hooks import JsonObject, Task, TaskFailedError, check_wanted, is_wanted, register_integration

POLL_SECONDS = 0.2
JOB_RUN_ENDED = frozenset({"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"})
QUERY_ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})


def install() -> None:
    """Serve both integrations."""
    register_integration("arn:aws:states:::glue:startJobRun", _translated("Glue", run_job))
    register_integration("arn:aws:states:::athena:startQueryExecution", _translated("Athena", run_query))


def run_job(task: Task) -> JsonObject:
    """Run a Glue job to its end and return its JobRun; stop it when the execution stops wanting it."""
    glue = task.role.session(task.region).client("glue")
    started = glue.start_job_run(**task.parameters)  # type: ignore[arg-type]
    if not task.waits:
        return {"JobRunId": started["JobRunId"]}
    name, run_id = str(task.parameters["JobName"]), started["JobRunId"]

    def poll() -> JsonObject:
        return _plain(glue.get_job_run(JobName=name, RunId=run_id)["JobRun"])

    run = _wait(
        poll,
        lambda run: run["JobRunState"] in JOB_RUN_ENDED,
        lambda: glue.batch_stop_job_run(JobName=name, JobRunIds=[run_id]),
    )
    if run["JobRunState"] != "SUCCEEDED":
        raise TaskFailedError("States.TaskFailed", json.dumps(run))
    return run


def run_query(task: Task) -> JsonObject:
    """Run an Athena query to its end; cancel it when the execution stops wanting it."""
    athena = task.role.session(task.region).client("athena")
    query_id = athena.start_query_execution(**task.parameters)["QueryExecutionId"]  # type: ignore[arg-type]
    if not task.waits:
        return {"QueryExecutionId": query_id}

    def poll() -> JsonObject:
        return _plain(athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"])

    def state(query: JsonObject) -> object:
        status = query["Status"]
        return status["State"] if isinstance(status, dict) else None

    query = _wait(
        poll,
        lambda query: state(query) in QUERY_ENDED,
        lambda: athena.stop_query_execution(QueryExecutionId=query_id),
    )
    if state(query) != "SUCCEEDED":
        raise TaskFailedError("States.TaskFailed", json.dumps({"QueryExecution": query}))
    return {"QueryExecution": query}


def _wait(
    poll: Callable[[], JsonObject], ended: Callable[[JsonObject], bool], stop: Callable[[], object]
) -> JsonObject:
    while True:
        current = poll()
        if ended(current):
            return current
        if not is_wanted():
            stop()
            check_wanted()
        time.sleep(POLL_SECONDS)


def _translated(service: str, run: Callable[[Task], JsonObject]) -> Callable[[Task], JsonObject]:
    """Name an API error as Step Functions does: ``Glue.ConcurrentRunsExceededException``."""

    def translated(task: Task) -> JsonObject:
        try:
            return run(task)
        except ClientError as error:
            details = error.response["Error"]
            raise TaskFailedError(f"{service}.{details['Code']}", details["Message"]) from error

    return translated


def _plain(shape: Mapping[str, object]) -> JsonObject:
    """Turn an API structure into what a state's output holds: times are epoch milliseconds."""
    plain: JsonObject = json.loads(json.dumps(shape, default=_epoch_milliseconds))
    return plain


def _epoch_milliseconds(value: object) -> int:
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    raise TypeError(f"{value!r} is not a JSON value")
