"""One run per scheduled time, however often the schedule delivers it."""

from typing import TYPE_CHECKING

import pytest

from lakeshot.runs.keys import export_key, group_key
from lakeshot.runs.records import RunRecord, RunState, RunTable
from lakeshot.runs.scheduled import ScheduledTimes
from tests.unit.conftest import NOON, RUN_TABLE
from tests.unit.interleaving import just_before

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TIME = "2026-11-21T12:00:00Z"


class Schedule:
    """Runs of one export that were started for scheduled times."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self.runs = RunTable(client, RUN_TABLE)
        self.times = ScheduledTimes(client, table=RUN_TABLE, partition=export_key("reviews"), name="reviews")

    def deliver(self, run: str, time: str = TIME) -> str:
        self.runs.start(
            RunRecord(
                run=run,
                export="reviews",
                execution_arn=f"arn:{run}",
                state=RunState.RUNNING,
                step="plan",
                started_at=NOON,
            )
        )
        return self.times.claim(time, run=run, now=NOON)

    def end(self, run: str, state: RunState) -> None:
        self.runs.update("reviews", run, state=state.value)


@pytest.fixture
def schedule(dynamodb: "DynamoDBClient") -> Schedule:
    return Schedule(dynamodb)


def test_the_first_delivery_has_the_time(schedule: Schedule) -> None:
    """Also when its plan step is invoked again."""
    assert schedule.deliver("a") == "a"
    assert schedule.deliver("a") == "a"


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.SUCCEEDED])
def test_a_second_delivery_is_a_duplicate_of_the_first(state: RunState, schedule: Schedule) -> None:
    """Whether that is still at work or has succeeded."""
    schedule.deliver("a")
    schedule.end("a", state)
    assert schedule.deliver("b") == "a"


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.TIMED_OUT, RunState.ABORTED])
def test_a_time_whose_run_failed_may_be_tried_again(state: RunState, schedule: Schedule) -> None:
    """From then on it is the later run's, and the failed one a duplicate if it is redriven."""
    schedule.deliver("a")
    schedule.end("a", state)
    assert schedule.deliver("b") == "b"
    assert schedule.deliver("a") == "b"


def test_another_time_is_another_runs(schedule: Schedule) -> None:
    """Only one and the same instant is a duplicate."""
    schedule.deliver("a")
    assert schedule.deliver("b", "2026-11-22T12:00:00Z") == "b"


def test_a_groups_times_are_its_own(schedule: Schedule, dynamodb: "DynamoDBClient") -> None:
    """A group and its member may be scheduled for the same instant."""
    schedule.deliver("a")
    group = ScheduledTimes(dynamodb, table=RUN_TABLE, partition=group_key("reviews"), name="reviews")
    assert group.claim(TIME, run="g", now=NOON) == "g"


def test_of_two_deliveries_at_once_one_has_the_time(schedule: Schedule, dynamodb: "DynamoDBClient") -> None:
    """The slower one is the duplicate."""
    with just_before(dynamodb, "put_item", lambda: schedule.deliver("b"), call=2):  # after its record
        assert schedule.deliver("a") == "b"


def test_of_two_that_try_again_at_once_one_has_the_time(
    schedule: Schedule, dynamodb: "DynamoDBClient"
) -> None:
    """Both found that the first run had failed."""
    schedule.deliver("a")
    schedule.end("a", RunState.FAILED)
    with just_before(dynamodb, "put_item", lambda: schedule.deliver("c"), call=3):  # its second try to claim
        assert schedule.deliver("b") == "c"


def test_a_time_is_forgotten_with_the_records(schedule: Schedule, dynamodb: "DynamoDBClient") -> None:
    """The run table does not grow for ever."""
    schedule.deliver("a")
    items = dynamodb.scan(TableName=RUN_TABLE)["Items"]
    (claimed,) = [item for item in items if item["sk"]["S"] == f"scheduled#{TIME}"]
    assert int(claimed["expires_at"]["N"]) > NOON.timestamp()
