"""A scan as the work of one run: a part for every segment, within one budget."""

from contextlib import closing
from dataclasses import dataclass

from lakeshot.commit.part import PartResult
from lakeshot.dynamodb.raw_client import ScanClient, raw_client
from lakeshot.dynamodb.scan import ScanPart, read_part
from lakeshot.dynamodb.table_run import Driver, Work
from lakeshot.files.target import Target
from lakeshot.runs.plan import ScanReading
from lakeshot.worker_process import made_once, no_garbage_collection, s3_client


def scan_work(reading: ScanReading) -> Work[ScanPart]:
    """One part per segment."""
    parts = [
        ScanPart(
            table=reading.source.name,
            segment=segment,
            total_segments=reading.segments,
            consistent_read=reading.consistent_read,
        )
        for segment in range(reading.segments)
    ]
    return Work(
        parts=parts,
        worker=ScanWorker,
        units_per_second=reading.rate.units_per_second,
        expected_from=f"the sum of Count over all pages of {reading.segments} ended segments",
    )


@made_once
def scan_client(region: str) -> ScanClient:
    """DynamoDB's client."""
    return ScanClient(raw_client(region))


@dataclass(frozen=True)
class ScanWorker:
    """Reads segments in a worker process, within the budget that the driver serves."""

    target: Target
    region: str
    driver: Driver

    def __call__(self, part: ScanPart, attempt: int) -> PartResult:
        """Read one segment; an attempt counts from 0."""
        scan, s3 = scan_client(self.region), s3_client(self.region)
        with no_garbage_collection(), closing(self.driver.budget()) as budget:
            return read_part(part, attempt=attempt, target=self.target, scan=scan, s3=s3, budget=budget)
