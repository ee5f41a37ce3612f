"""Files of DynamoDB's own export, converted by tasks of a real Spark."""

import gzip
import hashlib
from base64 import b64encode
from typing import TYPE_CHECKING, cast

import pytest
from pyspark.sql import SparkSession

from lakeshot.commit.part import PartResult
from lakeshot.dynamodb.export_manifest import DataFile
from lakeshot.dynamodb.export_parts import ExportPart, export_parts
from lakeshot.dynamodb.export_run import convert_part
from lakeshot.errors import SourceError
from lakeshot.files import Compression, FileFormat
from lakeshot.files.target import Target
from lakeshot_spark.distribution import distribute
from tests.in_memory.s3 import S3InMemory

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves the sockets through which it collects results to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

TARGET = Target(
    bucket="b", prefix="data/", run="run-1", format=FileFormat.PARQUET, compression=Compression.SNAPPY
)
GOOD = b'{"Item":{"id":{"S":"a"},"price":{"N":"1.5"}}}\n' * 3
BAD = GOOD + b"junk\n"


def convert(part: ExportPart, attempt: int) -> PartResult:
    """In a task's own process, whose S3 holds what every other one's does."""
    s3 = S3InMemory()
    s3.objects |= {"good": gzip.compress(GOOD, mtime=0), "bad": gzip.compress(BAD, mtime=0)}
    return convert_part(part, attempt=attempt, target=TARGET, s3=cast("S3Client", s3))


def data_file(key: str, text: bytes, items: int) -> DataFile:
    digest = hashlib.md5(gzip.compress(text, mtime=0), usedforsecurity=False).digest()
    return DataFile(key=key, items=items, md5=b64encode(digest).decode())


def test_every_part_is_converted_in_a_task_of_its_own(spark: SparkSession) -> None:
    """Parts travel there, results travel back, and no row is lost."""
    parts = export_parts("b", [data_file("good", GOOD, 3)] * 5, slots=2)
    results = sorted(distribute(convert, parts), key=lambda result: result.part)
    assert [(result.part, result.rows, result.source_count) for result in results] == [
        (number, 3, 3) for number in range(5)
    ]
    assert [column.source for column in results[0].files[0].columns] == ["id", "price"]


def test_a_fault_is_told_by_file_and_line_through_spark(spark: SparkSession) -> None:
    """Not as a page of Java."""
    parts = export_parts("b", [data_file("good", GOOD, 3), data_file("bad", BAD, 4)], slots=2)
    with pytest.raises(SourceError, match=r"^s3://b/bad cannot be read: line 4: it is not JSON"):
        distribute(convert, parts)
