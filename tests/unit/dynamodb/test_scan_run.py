"""A scan as the work of one run."""

import pickle

from lakeshot.columns.types import STRING, Column
from lakeshot.dynamodb.rate import ReadRate
from lakeshot.dynamodb.scan_run import ScanWorker, scan_work
from lakeshot.dynamodb.table_run import Driver
from lakeshot.files import Compression, FileFormat
from lakeshot.files.target import Target
from lakeshot.runs.plan import ScanReading, SourceTable

READING = ScanReading(
    route_from="route: scan",
    source=SourceTable(
        name="Reviews", arn="arn", item_count=0, size_bytes=0, on_demand=False, key_attributes={"Id": "S"}
    ),
    rate=ReadRate(units_per_second=5.0, basis="a test"),
    consistent_read=True,
    segments=3,
)


def test_there_is_one_part_a_segment() -> None:
    """Each names the table, its own number and how many there are."""
    work = scan_work(READING)
    assert [(part.table, part.segment, part.total_segments, part.consistent_read) for part in work.parts] == [
        ("Reviews", 0, 3, True),
        ("Reviews", 1, 3, True),
        ("Reviews", 2, 3, True),
    ]


def test_all_segments_share_the_plans_rate_and_count_themselves() -> None:
    """The manifest is going to say where the count is from."""
    work = scan_work(READING)
    assert work.units_per_second == 5.0
    assert work.expected_from == "the sum of Count over all pages of 3 ended segments"


def test_a_worker_is_sent_with_what_is_known_once() -> None:
    """Thousands of columns travel with the worker, not with each part."""
    wide = tuple(Column(name=f"c{n}", source=f"c{n}", type=STRING) for n in range(1_600))
    target = Target(
        bucket="b",
        prefix="p/",
        run="r",
        format=FileFormat.PARQUET,
        compression=Compression.SNAPPY,
        known_columns=wide,
    )
    worker = ScanWorker(target, "us-east-1", Driver(("127.0.0.1", 1), b"key"))
    assert pickle.loads(pickle.dumps(worker)) == worker  # noqa: S301
    assert max(len(pickle.dumps(part)) for part in scan_work(READING).parts) < 1_000
