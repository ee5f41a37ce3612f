"""The conversion of DynamoDB's own export: its files shared out among parts, and the reading of one part."""

import heapq
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.commit.part import PartResult
from lakeshot.dynamodb.columns import typed
from lakeshot.dynamodb.export_file import ExportFile
from lakeshot.dynamodb.export_manifest import DataFile, read_manifest
from lakeshot.dynamodb.raw_export import RawExport
from lakeshot.dynamodb.table_run import Driver, Work
from lakeshot.dynamodb.worker_process import no_garbage_collection, s3_client
from lakeshot.errors import SourceError
from lakeshot.files.writer import PartWriter, Target
from lakeshot.model import Model
from lakeshot.rate.budget import Progress
from lakeshot.rate.pace import Pace
from lakeshot.runs.plan import NativeReading

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PARTS_PER_SLOT = 4
"""So that slots whose parts end early find others."""
ITEMS_PER_PART = 1_000_000
"""So that one lost task repeats little; a file is never shared by two parts."""
MOST_PARTS = 10_000


class ExportPart(Model):
    """The data files that one worker reads, in the manifest's order."""

    number: int
    bucket: str
    files: tuple[DataFile, ...]


def export_work(s3: "S3Client", reading: NativeReading, export: RawExport, *, slots: int) -> Work[ExportPart]:
    """The files that the export's own manifest names, for a job that works on ``slots`` parts at a time.

    SourceError if the manifest is missing or changed, of another export, or does not add up.
    """
    if export.table_arn != reading.source.arn:
        raise SourceError(
            f"export {export.arn} is of table {export.table_arn}, not of {reading.source.arn}; "
            "start a new run"
        )
    files = read_manifest(s3, export)
    return Work(
        parts=export_parts(export.bucket, files, slots),
        worker=ExportWorker,
        units_per_second=math.inf,
        expected_from=f"the item counts of the {len(files):,} files in the export's own manifest",
    )


def export_parts(bucket: str, files: Sequence[DataFile], slots: int) -> list[ExportPart]:
    """The files in parts of about as many items each, for a job that works on ``slots`` parts at a time.

    Files without items are read too: that they have none is for them to say.
    """
    wanted = max(PARTS_PER_SLOT * slots, sum(file.items for file in files) // ITEMS_PER_PART + 1)
    count = min(wanted, len(files), MOST_PARTS)
    shares: list[list[int]] = [[] for _ in range(count)]
    least = [(0, number) for number in range(count)]  # by items given so far
    for index in sorted(range(len(files)), key=lambda index: -files[index].items):
        items, number = heapq.heappop(least)
        shares[number].append(index)
        heapq.heappush(least, (items + files[index].items + 1, number))
    return [
        ExportPart(number=number, bucket=bucket, files=tuple(files[index] for index in sorted(share)))
        for number, share in enumerate(shares)
    ]


def convert_part(
    part: ExportPart,
    *,
    attempt: int,
    target: Target,
    s3: "S3Client",
    report: Callable[[Progress], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> PartResult:
    """Read all files of a part and upload their rows, one row per item; ``report`` hears how far it is.

    Any error aborts the uploads. SourceError if a file is missing, is not the one that the manifest lists, or
    cannot be decoded.
    """
    started = clock()
    pace = Pace(clock, started)
    pieces = rows = 0
    files = [ExportFile(s3, part.bucket, file) for file in part.files]
    with PartWriter(s3, target, part.number, typed) as writer:
        for file in files:
            for items in file.items():
                with _line_named(files):
                    writer.write(items)
                pieces, rows = pieces + 1, rows + items.num_rows
                if pace.is_due():
                    report(Progress(part=part.number, rows=rows, units=0.0, bytes=writer.bytes_written))
        with _line_named(files):
            written = writer.finish()
        report(Progress(part=part.number, rows=rows, units=0.0, bytes=writer.bytes_written))
    items_listed = sum(data.items for data in part.files)
    return PartResult(
        part=part.number,
        attempt=attempt,
        files=written,
        rows=sum(file.rows for file in written),
        source_count=items_listed,
        scanned_count=items_listed,
        consumed_units=0.0,
        pages=pieces,
        seconds=clock() - started,
    )


@contextmanager
def _line_named(files: Sequence[ExportFile]) -> Iterator[None]:
    """Have the error about a value say in which line of which file it is."""
    try:
        yield
    except SourceError as error:
        faults = filter(None, (file.fault() for file in files))
        if (fault := next(faults, None)) is None:
            raise
        raise fault from error


@dataclass(frozen=True)
class ExportWorker:
    """Converts parts in a worker process, and tells the driver how far it has come."""

    target: Target
    region: str
    driver: Driver

    def __call__(self, part: ExportPart, attempt: int) -> PartResult:
        """Convert one part; an attempt counts from 0."""
        with no_garbage_collection(), closing(self.driver.budget()) as budget:
            s3 = s3_client(self.region)
            return convert_part(part, attempt=attempt, target=self.target, s3=s3, report=budget.report)
