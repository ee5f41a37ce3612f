"""One Spark task per item, and a task's error told as what it was."""

import re
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from py4j.protocol import Py4JJavaError
from pyspark import TaskContext
from pyspark.sql import SparkSession

from lakeshot import errors

Item = TypeVar("Item")
Result = TypeVar("Result")

_OUR_ERROR = re.compile(r"^(?:[\w.]+\.)?(?P<kind>\w+Error): (?P<message>.+)$", re.MULTILINE)


def distribute(function: Callable[[Item, int], Result], items: Sequence[Item]) -> list[Result]:
    """Call ``function(item, attempt)`` for every item in a task of its own; results in any order.

    Spark tries a task again when it fails. What finally failed is raised as the error of ours that it
    was, or as Spark's own.
    """
    if not items:
        return []
    context = SparkSession.builder.getOrCreate().sparkContext
    try:
        return context.parallelize(items, len(items)).map(lambda item: _task(function, item)).collect()
    except Py4JJavaError as error:
        ours = task_error(str(error.java_exception))
        if ours is None:
            raise
        raise ours from error


def driver_host() -> str:
    """The address at which executors reach the driver."""
    return str(
        SparkSession.builder.getOrCreate().sparkContext.getConf().get("spark.driver.host", "127.0.0.1")
    )


def task_error(text: str) -> errors.LakeshotError | None:
    """The last error of ours in what Spark printed of a failed task, or None."""
    for match in reversed(list(_OUR_ERROR.finditer(text))):
        kind = getattr(errors, match["kind"], None)
        if isinstance(kind, type) and issubclass(kind, errors.LakeshotError):
            return kind(match["message"])
    return None


def _task(function: Callable[[Item, int], Result], item: Item) -> Result:
    """One task in a worker process, which runs many."""
    context = TaskContext.get()
    try:
        return function(item, context.attemptNumber() if context is not None else 0)
    finally:
        # Before each task Spark has every importer look at its files again, and those of zips, such as
        # PySpark's own, then read the whole directory: four times as long as a small part takes.
        sys.path_importer_cache.clear()
