"""Causes as Step Functions hands them over, told to a person."""

import json
import re
from pathlib import Path

import pytest

from lakeshot import errors
from lakeshot.errors import LakeshotError
from lakeshot.steps.failure import NEXT_STEPS, explain
from lakeshot.steps.messages import ExecutionEnd

OPERATIONS = Path(__file__).resolve().parents[3] / "docs" / "operations.md"


def end(status: str = "FAILED", **fields: str | None) -> ExecutionEnd:
    return ExecutionEnd.model_validate({"executionArn": "arn:x:run-1", "status": status, **fields})


def test_a_lambdas_error_is_told_in_its_own_words() -> None:
    """Lambda wraps class and message in JSON."""
    cause = json.dumps(
        {"errorType": "VerificationError", "errorMessage": "Athena counts 1 rows", "stackTrace": []}
    )
    failure = explain(end(error="VerificationError", cause=cause))
    assert failure.cause == "VerificationError: Athena counts 1 rows"
    assert failure.next_step.startswith("Run again; if it repeats, look at the job's log.")


def test_a_job_that_could_not_start_is_told_with_what_helps() -> None:
    """Such a job has no log to look at."""
    message = "The specified subnet does not have enough free addresses to satisfy the request."
    failure = explain(end(cause=json.dumps({"JobRunState": "FAILED", "ErrorMessage": message})))
    assert failure.cause == message
    assert failure.next_step.startswith("Each worker takes an address of the subnet and keeps it for a while")
    assert failure.next_step.endswith("until the addresses of other jobs are free. Then run again.")


@pytest.mark.parametrize(
    "message",
    ["ValueError: bucket x does not exist", "Error Category: …; RecursionError: maximum recursion depth"],
)
def test_what_a_script_raised_is_not_taken_for_glues_own_words(message: str) -> None:
    """Its log says more than a guess."""
    failure = explain(end(cause=json.dumps({"JobRunState": "FAILED", "ErrorMessage": message})))
    assert failure.next_step.startswith("Look at the job's log")


def test_a_glue_jobs_error_is_told_in_its_own_words() -> None:
    """The `.sync` integration wraps the job run in JSON."""
    cause = json.dumps({"JobRunState": "FAILED", "ErrorMessage": "SourceError: table 'Reviews' is gone"})
    failure = explain(end(error="States.TaskFailed", cause=cause))
    assert failure.cause == "SourceError: table 'Reviews' is gone"
    assert failure.next_step == NEXT_STEPS["SourceError"]


@pytest.mark.parametrize(
    "message",
    [
        "lakeshot.errors.ThrottledError: slow down",
        "Error Category: UNCLASSIFIED_ERROR; ThrottledError: slow down",
    ],
)
def test_what_glue_puts_before_our_words_is_dropped(message: str) -> None:
    """A module path or a category of its own."""
    cause = json.dumps({"JobRunState": "FAILED", "ErrorMessage": message})
    assert explain(end(cause=cause)).cause == "ThrottledError: slow down"


def test_an_error_of_glue_itself_is_told_as_it_is() -> None:
    """It may hold a colon, too."""
    message = "Command failed with exit code 137: out of memory"
    assert explain(end(cause=json.dumps({"JobRunState": "FAILED", "ErrorMessage": message}))).cause == message


def test_a_connection_that_broke_is_no_fault_of_the_tables() -> None:
    """Though it is an error of the source."""
    message = "lakeshot.errors.ConnectionLostError: the connection that held the snapshot broke"
    failure = explain(end(cause=json.dumps({"JobRunState": "FAILED", "ErrorMessage": message})))
    assert failure.next_step.startswith("Run again; if it repeats, see in the database's log")


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        ("TIMEOUT", "the Glue job ran longer than its timeout allows"),
        ("STOPPED", "the Glue job was stopped from outside this run"),
    ],
)
def test_a_job_that_was_ended_is_told_as_that(state: str, cause: str) -> None:
    """Whatever message Glue adds to it."""
    document = json.dumps({"JobRunState": state, "ErrorMessage": "Job run was ended"})
    assert explain(end(error="States.TaskFailed", cause=document)).cause == cause


def test_a_query_that_failed_is_told_in_athenas_words() -> None:
    """The `.sync` integration wraps the query in JSON."""
    status = {"State": "FAILED", "StateChangeReason": "HIVE_BAD_DATA: file x"}
    cause = json.dumps({"QueryExecution": {"Status": status}})
    assert (
        explain(end(error="States.TaskFailed", cause=cause)).cause
        == "CatalogError: Athena: HIVE_BAD_DATA: file x"
    )


def test_a_state_that_timed_out_is_told_as_that() -> None:
    """Step Functions gives no cause for it."""
    assert explain(end(error="States.Timeout")).cause == "the run took longer than its time limit allows"


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
    ("error", "next_step"),
    [
        ("RunGoneError", "Start a new run."),
        (
            "RunClosingError",
            "Run again in a few minutes; if it repeats, look at the log of the close function.",
        ),
    ],
)
def test_a_run_that_came_too_late_or_too_early_is_told_so(error: str, next_step: str) -> None:
    """After its own closing, or before another run's was over; in the words of the step that noticed."""
    failure = explain(end(cause=json.dumps({"errorType": error, "errorMessage": "run x was closed"})))
    assert (failure.cause, failure.next_step) == (f"{error}: run x was closed", next_step)


def test_every_error_has_a_next_step_and_a_row_in_the_operations_page() -> None:
    """A class that is added or removed changes all three."""
    kinds = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, LakeshotError) and kind is not LakeshotError
    }
    told = set(re.findall(r"^\| `(\w+Error)` \|", OPERATIONS.read_text(encoding="utf-8"), re.MULTILINE))
    assert kinds - {"ConfigError"} == set(NEXT_STEPS) == told


@pytest.mark.parametrize(
    ("given", "group"),
    [('{"group": "nightly"}', "nightly"), ('{"export": "reviews"}', None), ("7", None), (None, None)],
)
def test_the_group_is_read_from_the_executions_input(given: str | None, group: str | None) -> None:
    """As the export is."""
    assert end(input=given).group == group


@pytest.mark.parametrize(
    ("given", "export"),
    [('{"export": "reviews"}', "reviews"), ('{"export": 7}', None), ("[]", None), (None, None)],
)
def test_the_export_is_read_from_the_executions_input(given: str | None, export: str | None) -> None:
    """Whatever was pasted as input."""
    assert end(input=given).export == export
