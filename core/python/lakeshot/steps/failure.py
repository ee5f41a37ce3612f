"""Why a run ended without success, read from what Step Functions says, and what to do next."""

import json
import re
from collections.abc import Mapping
from typing import Any

from lakeshot.model import Model
from lakeshot.runs.job_errors import meaning
from lakeshot.steps.messages import ExecutionEnd

_RUN_AGAIN = "Look at the job's log, then run again; nothing has to be cleaned up first."
_TOO_SLOW = "Raise timeout_minutes, the read percentage or the workers, then run again."
NEXT_STEPS = {
    "LockHeldError": "Wait for the run that holds the lock, or stop it.",
    "LockLostError": "The run was ended or redriven meanwhile; run again if one is still needed.",
    "RunClosingError": "Run again in a few minutes; if it repeats, look at the log of the close function.",
    "RunGoneError": "Start a new run.",
    "PayloadError": "Correct the payload and start the run again.",
    "SourceError": "Do what the cause says, such as correcting the source table or its name, then run again.",
    "ConnectionLostError": "Run again; if it repeats, see in the database's log what ends connections, and "
    "look at the network between.",
    "NestedValuesError": "Say 'nested: json' in exports.yaml or pin the attribute's type, deploy, run again.",
    "PinnedTypeError": "Widen or remove the attribute's entry in 'types' of exports.yaml, deploy, run again.",
    "PartitionError": "Take another attribute for 'partition_by' in exports.yaml, deploy, run again.",
    "PermissionDeniedError": "Allow what the cause names, then run again.",
    "VerificationError": "Run again; if it repeats, look at the job's log. If it was a rollback, "
    "choose another snapshot, or restore the file from the bucket's versions.",
    "CatalogError": "Correct the catalog, then run again.",
    "CommitError": "Do what the cause says last.",
    "DriverLostError": "The job's driver was lost. Run again; if it repeats, use a larger worker type.",
    "ThrottledError": "Lower the read percentage or raise the table's capacity, then run again.",
}
"""By the name of each of our errors that can end a run."""
_RAISED = re.compile(r"\b\w+(?:Error|Exception)\b: ")
"""What a script raised, which the words of Glue itself do not have."""
_OUR_ERROR = re.compile(r"(?:^|[\s;.])(?P<kind>[A-Za-z]+Error): (?P<message>.+)", re.DOTALL)


class Failure(Model):
    """The cause in one paragraph, and the next step."""

    cause: str
    next_step: str


def explain(end: ExecutionEnd) -> Failure:
    """What happened, in the words of the step that failed where it had any."""
    if end.status == "ABORTED":
        return Failure(
            cause=f"the run was stopped: {end.cause or 'no reason was given'}", next_step="Run again."
        )
    if end.status == "TIMED_OUT" or end.error == "States.Timeout":
        return Failure(cause="the run took longer than its time limit allows", next_step=_TOO_SLOW)
    cause = _document(end.cause)
    if "errorMessage" in cause:
        return _failure(str(cause.get("errorType", end.error)), str(cause["errorMessage"]))
    if "JobRunState" in cause:
        return _of_job(cause)
    if "QueryExecution" in cause:
        status = cause["QueryExecution"].get("Status", {})
        return _failure("CatalogError", f"Athena: {status.get('StateChangeReason', 'the query failed')}")
    return _failure(end.error or "", end.cause or "no reason was given")


def _of_job(job_run: Mapping[str, Any]) -> Failure:
    """The end of a Glue job run; Glue may put a category of its own before our words."""
    message = str(job_run.get("ErrorMessage") or "")
    if job_run["JobRunState"] == "TIMEOUT":
        return Failure(cause="the Glue job ran longer than its timeout allows", next_step=_TOO_SLOW)
    if job_run["JobRunState"] == "STOPPED":
        return Failure(cause="the Glue job was stopped from outside this run", next_step="Run again.")
    ours = _OUR_ERROR.search(message)
    if ours is not None and ours["kind"] in NEXT_STEPS:
        return _failure(ours["kind"], ours["message"])
    if _RAISED.search(message) is None and (advice := meaning(message)) is not None:
        return Failure(cause=message, next_step=f"{advice[0].upper()}{advice[1:]}. Then run again.")
    return _failure("", message or "the Glue job failed without a message")


def _failure(kind: str, message: str) -> Failure:
    return Failure(
        cause=f"{kind}: {message}" if kind else message, next_step=NEXT_STEPS.get(kind, _RUN_AGAIN)
    )


def _document(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
