"""Progress is added up and written now and then, and never stops the reading."""

import threading
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from lakeshot.rate.budget import Progress
from lakeshot.runs.progress import WRITE_SECONDS, ProgressRecorder
from lakeshot.runs.records import RunRecord, RunState, RunTable
from tests.unit.conftest import NOON, RUN_TABLE
from tests.unit.interleaving import just_before

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class Reading:
    """A run that reads, and a clock that is put forward."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self.at = 0.0
        self.runs = RunTable(client, RUN_TABLE)
        self.runs.start(
            RunRecord(
                run="a",
                export="reviews",
                execution_arn="arn:a",
                state=RunState.RUNNING,
                step="read",
                started_at=NOON,
            )
        )
        self.recorder = ProgressRecorder(self.runs, export="reviews", run="a", clock=lambda: self.at)

    def report(self, part: int, rows: int) -> None:
        self.recorder.report(Progress(part=part, rows=rows, units=rows / 2, bytes=rows * 10))

    def recorded(self) -> RunRecord:
        for thread in threading.enumerate():
            if thread.name == "progress":
                thread.join()
        record = self.runs.get("reviews", "a")
        assert record is not None
        return record


@pytest.fixture
def reading(dynamodb: "DynamoDBClient") -> Reading:
    return Reading(dynamodb)


def test_parts_are_added_up_when_it_is_time(reading: Reading) -> None:
    """The run table is not written for every page."""
    reading.report(0, 4)
    assert (reading.recorded().rows_done, reading.recorded().reading_since is None) == (0, False)
    reading.at = WRITE_SECONDS
    reading.report(1, 6)
    record = reading.recorded()
    assert (record.rows_done, record.units_consumed, record.bytes_written) == (10, 5.0, 100)


def test_a_part_that_is_tried_again_starts_again(reading: Reading) -> None:
    """No row is counted twice."""
    reading.report(0, 4)
    reading.report(0, 1)
    reading.recorder.write()
    assert reading.recorded().rows_done == 1


def test_a_slow_run_table_holds_no_reader_up(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it was told meanwhile is in the next writing, which the last one always is."""
    go_on, begun = threading.Event(), threading.Event()
    update = reading.runs.update

    def slow(export: str, run: str, **fields: object) -> None:
        begun.set()
        assert go_on.wait(10)
        update(export, run, **fields)

    monkeypatch.setattr(reading.runs, "update", slow)
    for number in range(1, 6):
        reading.at = number * WRITE_SECONDS
        reading.report(0, number)
    assert begun.wait(10)
    assert sum(thread.name == "progress" for thread in threading.enumerate()) == 1
    go_on.set()
    reading.recorder.write()
    assert reading.recorded().rows_done == 5


def test_progress_that_cannot_be_written_does_not_stop_the_reading(
    reading: Reading, dynamodb: "DynamoDBClient"
) -> None:
    """It is written the next time."""

    def refuse() -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "UpdateItem")

    reading.at = WRITE_SECONDS
    with just_before(dynamodb, "update_item", refuse):
        reading.report(0, 4)
        assert reading.recorded().rows_done == 0
    reading.at = 2 * WRITE_SECONDS
    reading.report(0, 5)
    assert reading.recorded().rows_done == 5
