"""Causes as Step Functions hands them over, told to a person."""

import json

import pytest

from lakeshot.failure import explain
from lakeshot.steps import ExecutionEnd


def end(status: str = "FAILED", **fields: str | None) -> ExecutionEnd:
    return ExecutionEnd.model_validate({"executionArn": "arn:x:run-1", "status": status, **fields})


def test_a_lambdas_error_is_told_in_its_own_words() -> None:
    """Lambda wraps class and message in JSON."""
    cause = json.dumps(
        {"errorType": "VerificationError", "errorMessage": "Athena counts 1 rows", "stackTrace": []}
    )
    failure = explain(end(error="VerificationError", cause=cause))
    assert failure.cause == "VerificationError: Athena counts 1 rows"
    assert failure.next_step == "Nothing was published. Run again; if it repeats, look at the job's log."


def test_a_glue_jobs_error_is_told_in_its_own_words() -> None:
    """The `.sync` integration wraps the job run in JSON."""
    cause = json.dumps({"JobRunState": "FAILED", "ErrorMessage": "SourceError: table 'Reviews' is gone"})
    failure = explain(end(error="States.TaskFailed", cause=cause))
    assert failure.cause == "SourceError: table 'Reviews' is gone"
    assert failure.next_step == "Correct the source table or its name, then run again."


def test_a_module_path_before_the_class_is_dropped() -> None:
    """Spark prints the whole path of a Python exception."""
    cause = json.dumps({"ErrorMessage": "lakeshot.errors.ThrottledError: slow down"})
    assert explain(end(cause=cause)).cause == "ThrottledError: slow down"


def test_a_job_that_timed_out_is_told_as_that() -> None:
    """Glue gives such a run no error message."""
    failure = explain(end(error="States.TaskFailed", cause=json.dumps({"JobRunState": "TIMEOUT"})))
    assert failure.cause == "the Glue job ran longer than its timeout allows"


@pytest.mark.parametrize(
    ("status", "fields", "cause"),
    [
        ("ABORTED", {"cause": "stopped by ana"}, "the run was stopped: stopped by ana"),
        ("ABORTED", {}, "the run was stopped: no reason was given"),
        ("TIMED_OUT", {}, "the run took longer than its time limit allows"),
        (
            "FAILED",
            {"error": "Glue.EntityNotFoundException", "cause": "no such crawler"},
            "Glue.EntityNotFoundException: no such crawler",
        ),
        ("FAILED", {}, "no reason was given"),
    ],
)
def test_every_end_has_a_cause(status: str, fields: dict[str, str], cause: str) -> None:
    """Nobody reads an empty notice."""
    assert explain(end(status, **fields)).cause == cause


@pytest.mark.parametrize(
    ("given", "export"),
    [('{"export": "reviews"}', "reviews"), ('{"export": 7}', None), ("[]", None), (None, None)],
)
def test_the_export_is_read_from_the_executions_input(given: str | None, export: str | None) -> None:
    """Whatever was pasted as input."""
    assert end(input=given).export == export
