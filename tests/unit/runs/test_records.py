"""Run records keep what happened, in the types it happened in."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lakeshot.runs.records import RunRecord, RunState, RunTable
from tests.unit.conftest import NOON, RUN_TABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@pytest.fixture
def runs(dynamodb: "DynamoDBClient") -> RunTable:
    return RunTable(dynamodb, RUN_TABLE)


def record(run: str, hours: int = 0) -> RunRecord:
    return RunRecord(
        run=run,
        export="reviews",
        execution_arn=f"arn:{run}",
        state=RunState.RUNNING,
        step="plan",
        started_at=NOON + timedelta(hours=hours),
    )


def test_a_record_is_read_as_it_was_written(runs: RunTable) -> None:
    """Numbers, times and states keep their types."""
    runs.start(record("a"))
    runs.update("reviews", "a", rate_units_per_second=0.1, rows_done=7, progress_at=NOON, state="SUCCEEDED")
    found = runs.get("reviews", "a")
    assert found is not None
    assert (found.rate_units_per_second, found.rows_done, found.progress_at) == (0.1, 7, NOON)
    assert found.state is RunState.SUCCEEDED


def test_starting_a_record_again_keeps_what_is_there(runs: RunTable) -> None:
    """A plan step that is invoked twice does not reset the progress."""
    runs.start(record("a"))
    runs.update("reviews", "a", rows_done=7)
    runs.start(record("a"))
    found = runs.get("reviews", "a")
    assert found is not None
    assert found.rows_done == 7


def test_records_of_an_export_are_listed_latest_first(runs: RunTable) -> None:
    """The last run is the first one a person looks for."""
    for run, hours in (("a", 0), ("b", 2), ("c", 1)):
        runs.start(record(run, hours))
    assert [found.run for found in runs.of_export("reviews")] == ["b", "c", "a"]
    assert runs.of_export("payments") == []


def test_a_field_that_records_do_not_have_is_refused(runs: RunTable) -> None:
    """A misspelt field would be lost silently."""
    runs.start(record("a"))
    with pytest.raises(ValueError, match="not fields of a run record: row_done"):
        runs.update("reviews", "a", row_done=7)


def test_a_run_nobody_started_has_no_record(runs: RunTable) -> None:
    """None, not an error."""
    assert runs.get("reviews", "nobody") is None
