"""Why a run ended without success, read from what Step Functions says, and what to do next."""

import json
from collections.abc import Mapping
from typing import Any

from lakeshot.model import Model
from lakeshot.steps import ExecutionEnd

_NEXT_STEPS = {
    "LockHeldError": "Wait for the run that holds the lock, or stop it.",
    "PayloadError": "Correct the payload and start the run again.",
    "SourceError": "Correct the source table or its name, then run again.",
    "PermissionDeniedError": "Allow the action in the role's policy, then run again.",
    "VerificationError": "Nothing was published. Run again; if it repeats, look at the job's log.",
    "CatalogError": "Nothing was published. Correct the catalog, then run again.",
    "CommitError": "Nothing was published. Run again.",
    "ThrottledError": "Lower the read percentage or raise the table's capacity, then run again.",
}
_RUN_AGAIN = "Look at the job's log, then run again; nothing has to be cleaned up first."


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
    if end.status == "TIMED_OUT":
        return Failure(
            cause="the run took longer than its time limit allows",
            next_step="Raise timeout_minutes, the read percentage or the workers, then run again.",
        )
    kind, message = _said(end)
    return Failure(
        cause=f"{kind}: {message}" if kind else message, next_step=_NEXT_STEPS.get(kind, _RUN_AGAIN)
    )


def _said(end: ExecutionEnd) -> tuple[str, str]:
    """The kind of error and its message, from a Lambda's, a Glue job's or an API's failure."""
    cause = _document(end.cause)
    if "errorMessage" in cause:
        return str(cause.get("errorType", end.error)), str(cause["errorMessage"])
    if "ErrorMessage" in cause:
        kind, separator, message = str(cause["ErrorMessage"]).partition(": ")
        kind = kind.rsplit(".", 1)[-1]
        return (kind, message) if separator and kind.isidentifier() else ("", str(cause["ErrorMessage"]))
    if cause.get("JobRunState") == "TIMEOUT":
        return "", "the Glue job ran longer than its timeout allows"
    return end.error or "", end.cause or "no reason was given"


def _document(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
