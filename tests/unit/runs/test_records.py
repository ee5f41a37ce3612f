"""Run records keep what happened, in the types it happened in."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lakeshot.runs.records import KEPT_FOR, RunRecord, RunState, RunTable, expiry
from tests.unit.conftest import NOON, RUN_TABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@pytest.fixture
def runs(dynamodb: "DynamoDBClient") -> RunTable:
    return RunTable(dynamodb, RUN_TABLE)


def record(run: str, hours: int = 0, **fields: object) -> RunRecord:
    return RunRecord.model_validate(
        {
            "run": run,
            "export": "reviews",
            "execution_arn": f"arn:{run}",
            "state": RunState.RUNNING,
            "step": "plan",
            "started_at": NOON + timedelta(hours=hours),
            **fields,
        }
    )


def there(runs: RunTable, run: str) -> RunRecord:
    found = runs.get("reviews", run)
    assert found is not None
    return found


def test_a_record_is_read_as_it_was_written(runs: RunTable) -> None:
    """Numbers, times and states keep their types."""
    runs.start(record("a"))
    runs.update("reviews", "a", rate_units_per_second=0.1, rows_done=7, progress_at=NOON, state="SUCCEEDED")
    found = there(runs, "a")
    assert (found.rate_units_per_second, found.rows_done, found.progress_at) == (0.1, 7, NOON)
    assert found.state is RunState.SUCCEEDED


def test_starting_a_record_again_keeps_what_is_there(runs: RunTable) -> None:
    """A plan step that is invoked twice does not reset the progress."""
    runs.start(record("a"))
    runs.update("reviews", "a", rows_done=7)
    runs.start(record("a"))
    assert there(runs, "a").rows_done == 7


def test_records_of_an_export_are_listed_latest_first(runs: RunTable) -> None:
    """The last run is the first one a person looks for."""
    for run, hours in (("a", 0), ("b", 2), ("c", 1)):
        runs.start(record(run, hours))
    assert [found.run for found in runs.of_export("reviews")] == ["b", "c", "a"]
    assert runs.of_export("payments") == []


def test_records_of_groups_are_kept_apart(runs: RunTable, dynamodb: "DynamoDBClient") -> None:
    """A group's run has a record of its own beside its members', and may bear an export's name."""
    groups = RunTable.of_groups(dynamodb, RUN_TABLE)
    groups.start(record("a", members=("users", "orders")))
    assert runs.of_export("reviews") == []
    found = groups.get("reviews", "a")
    assert found is not None
    assert found.members == ("users", "orders")


def test_a_field_that_records_do_not_have_is_refused(runs: RunTable) -> None:
    """A misspelt field would be lost silently."""
    runs.start(record("a"))
    with pytest.raises(ValueError, match="not fields of a run record: row_done"):
        runs.update("reviews", "a", row_done=7)


def test_a_record_that_does_not_exist_is_not_made_by_an_update(
    runs: RunTable, dynamodb: "DynamoDBClient"
) -> None:
    """Half a record could not be read."""
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        runs.update("reviews", "nobody", rows_done=7)
    assert runs.get("reviews", "nobody") is None


def test_only_a_run_at_work_is_ended_in_a_transaction(runs: RunTable, dynamodb: "DynamoDBClient") -> None:
    """A run that was closed meanwhile is not reported as a success."""
    runs.start(record("a"))
    ending = runs.ending("reviews", "a", state=RunState.SUCCEEDED.value, rows=7)
    runs.update("reviews", "a", state=RunState.ABORTED.value)
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[ending])
    assert (there(runs, "a").state, there(runs, "a").rows) == (RunState.ABORTED, None)
    runs.update("reviews", "a", state=RunState.RUNNING.value)
    dynamodb.transact_write_items(TransactItems=[ending])
    assert (there(runs, "a").state, there(runs, "a").rows) == (RunState.SUCCEEDED, 7)


def test_an_ending_with_an_unknown_field_is_refused(runs: RunTable) -> None:
    """Like any other change of a record."""
    with pytest.raises(ValueError, match="not fields of a run record: stat"):
        runs.ending("reviews", "a", stat="SUCCEEDED")


def test_an_end_is_recorded_only_for_the_try_that_ended(runs: RunTable, dynamodb: "DynamoDBClient") -> None:
    """A run that was redriven since is at work, or will end by itself."""
    runs.start(record("a", redrive=1))
    failed = {"state": RunState.FAILED.value}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[runs.closing("reviews", "a", redrive=0, **failed)])
    assert there(runs, "a").state is RunState.RUNNING
    dynamodb.transact_write_items(TransactItems=[runs.closing("reviews", "a", redrive=2, **failed)])
    assert (there(runs, "a").state, there(runs, "a").redrive) == (RunState.FAILED, 2)


def test_an_end_is_explained_unless_the_run_was_redriven_since(
    runs: RunTable, dynamodb: "DynamoDBClient"
) -> None:
    """A run at work has no error."""
    runs.start(record("a", redrive=1))

    def explain(redrive: int) -> None:
        told = runs.explaining("reviews", "a", "boom", "Run again.", redrive=redrive)
        dynamodb.transact_write_items(TransactItems=[told])

    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        explain(redrive=1)
    runs.update("reviews", "a", state=RunState.FAILED.value)
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        explain(redrive=0)
    assert there(runs, "a").error is None
    explain(redrive=1)
    assert (there(runs, "a").error, there(runs, "a").next_step) == ("boom", "Run again.")


def test_a_record_may_be_forgotten_after_more_than_a_year() -> None:
    """In seconds since 1970, as DynamoDB's expiry wants it."""
    assert timedelta(seconds=expiry(NOON) - NOON.timestamp()) == KEPT_FOR > timedelta(days=365)
