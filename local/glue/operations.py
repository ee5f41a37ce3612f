"""The four operations of Glue that start, show and stop job runs."""

import os
import threading
from contextvars import copy_context
from pathlib import Path

from local.glue.interpreter import make_interpreter
from local.glue.job import LIVE, Job, JobRun, StartJobRun
from local.glue.runner import Runner
from local.hooks import Call, JsonObject, ServiceError, job_definition, replace_operation

Scope = tuple[str, str, str]
"""Account, region and job name."""

_runners: dict[Scope, dict[str, Runner]] = {}
_lock = threading.Lock()


def install() -> None:
    """Let this module serve job runs. Raises PreinstalledMissingError."""
    make_interpreter(_directory() / "python", Path(os.environ["LAKESHOT_GLUE_PACKAGES"]))
    replace_operation("glue", "StartJobRun", start_job_run)
    replace_operation("glue", "GetJobRun", get_job_run)
    replace_operation("glue", "GetJobRuns", get_job_runs)
    replace_operation("glue", "BatchStopJobRun", batch_stop_job_run)


def stop_all() -> None:
    """Kill every live run's processes, as the cloud ends."""
    for runs in _runners.values():
        for runner in runs.values():
            runner.stop()


def start_job_run(call: Call) -> JsonObject:
    """Start a run unless ``MaxConcurrentRuns`` of them live."""
    start = StartJobRun.model_validate(call.request)
    definition = job_definition(start.job_name)
    if definition is None:
        raise ServiceError(
            "EntityNotFoundException", f"Failed to start job run: no job is named {start.job_name}"
        )
    job = Job.model_validate({name: value for name, value in definition.items() if value is not None})
    runner = Runner(call.account, call.region, job, JobRun.of(job, start), _directory())
    with _lock:
        runs = _runners.setdefault((call.account, call.region, job.name), {})
        living = sum(other.run.job_run_state in LIVE for other in runs.values())
        if living >= job.execution_property.max_concurrent_runs:
            raise ServiceError("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {job.name}")
        runs[runner.run.id] = runner
    threading.Thread(target=copy_context().run, args=(runner.execute,), daemon=True).start()
    return {"JobRunId": runner.run.id}


def get_job_run(call: Call) -> JsonObject:
    """Show one run."""
    runner = _runs(call).get(str(call.request["RunId"]))
    if runner is None:
        raise ServiceError("EntityNotFoundException", f"Job run {call.request['RunId']} not found")
    return {"JobRun": _shape(runner.run)}


def get_job_runs(call: Call) -> JsonObject:
    """Show all runs of a job, the latest first."""
    return {"JobRuns": [_shape(runner.run) for runner in reversed(_runs(call).values())]}


def batch_stop_job_run(call: Call) -> JsonObject:
    """Stop runs; each becomes STOPPING at once and STOPPED when its processes are gone."""
    submitted: list[JsonObject] = []
    errors: list[JsonObject] = []
    runs = _runs(call)
    requested = call.request["JobRunIds"]
    for run_id in requested if isinstance(requested, list) else []:
        named: JsonObject = {"JobName": call.request["JobName"], "JobRunId": run_id}
        runner = runs.get(run_id)
        if runner is None:
            errors.append(named | {"ErrorDetail": _error("EntityNotFoundException", "no such run")})
        elif runner.stop():
            submitted.append(named)
        else:
            ended = f"run is in state {runner.run.job_run_state}"
            errors.append(named | {"ErrorDetail": _error("JobRunInvalidStateTransitionException", ended)})
    return {"SuccessfulSubmissions": submitted, "Errors": errors}


def _directory() -> Path:
    return Path(os.environ["TMPDIR"]) / "glue"


def _runs(call: Call) -> dict[str, Runner]:
    return _runners.get((call.account, call.region, str(call.request["JobName"])), {})


def _shape(run: JobRun) -> JsonObject:
    return run.model_dump(by_alias=True, exclude_none=True)


def _error(code: str, message: str) -> JsonObject:
    return {"ErrorCode": code, "ErrorMessage": message}
