"""Part workers spread over a real Spark."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakeshot.errors import SourceError, ThrottledError
from lakeshot_spark.distribution import distribute, driver_host, task_error

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves the sockets through which it collects results to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_every_item_is_worked_on_once_in_a_task_of_its_own(spark: SparkSession) -> None:
    """Results come back whole, whatever their order."""
    results = distribute(lambda item, attempt: (item * item, attempt), list(range(7)))
    assert sorted(results) == [(0, 0), (1, 0), (4, 0), (9, 0), (16, 0), (25, 0), (36, 0)]


def test_nothing_to_do_starts_no_task(spark: SparkSession) -> None:
    """Spark refuses a collection without partitions."""
    assert distribute(lambda item, attempt: item, []) == []


def test_a_task_that_fails_is_tried_again_as_another_attempt(spark: SparkSession, tmp_path: Path) -> None:
    """An attempt knows its number, and only the last one's result is seen."""

    def fail_first(item: int, attempt: int) -> int:
        (tmp_path / f"{item}-{attempt}").touch()
        if attempt == 0:
            raise ThrottledError("slow down")
        return attempt

    assert distribute(fail_first, [1, 2]) == [1, 1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1-0", "1-1", "2-0", "2-1"]


def test_what_finally_failed_is_raised_as_itself(spark: SparkSession) -> None:
    """Not as a page of Java."""

    def fail(item: int, attempt: int) -> int:
        raise SourceError("DynamoDB table 'Reviews' does not exist in us-east-1; check: exports.yaml")

    with pytest.raises(SourceError) as caught:
        distribute(fail, [1])
    assert str(caught.value) == "DynamoDB table 'Reviews' does not exist in us-east-1; check: exports.yaml"


def test_the_drivers_address_is_the_one_executors_use(spark: SparkSession) -> None:
    """The budget is served there."""
    assert driver_host() == "127.0.0.1"


def test_an_error_that_is_not_ours_is_left_alone() -> None:
    """Only our own words are taken out of Spark's."""
    assert task_error("java.lang.OutOfMemoryError: heap\nKeyError: 'x'") is None
