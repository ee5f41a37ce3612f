"""The conversion of one part of DynamoDB's own exports."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.commit.part import PartResult
from lakeshot.dynamodb.export_file import ExportFile
from lakeshot.dynamodb.export_parts import ExportPart
from lakeshot.dynamodb.export_rows import typed_rows
from lakeshot.dynamodb.table_run import Driver
from lakeshot.errors import SourceError
from lakeshot.files.target import Target
from lakeshot.files.writer import PartWriter
from lakeshot.rate.budget import Progress
from lakeshot.rate.pace import Pace
from lakeshot.worker_process import no_garbage_collection, s3_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def convert_part(
    part: ExportPart,
    *,
    attempt: int,
    target: Target,
    s3: "S3Client",
    report: Callable[[Progress], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> PartResult:
    """Read all files of a part and upload their rows, one row per line; ``report`` hears how far it is.

    Any error aborts the uploads. SourceError if a file is missing, is not the one that the manifest lists, or
    cannot be decoded.
    """
    started = clock()
    pace = Pace(clock, started)
    pieces = count = 0
    files = [ExportFile(s3, part.bucket, file) for file in part.files]
    with PartWriter(s3, target, part.number, typed_rows) as writer:
        for file in files:
            for rows in file.rows():
                with _line_named(files):
                    writer.write(rows)
                pieces, count = pieces + 1, count + rows.num_rows
                if pace.is_due():
                    report(Progress(part=part.number, rows=count, units=0.0, bytes=writer.bytes_written))
        with _line_named(files):
            written = writer.finish()
        report(Progress(part=part.number, rows=count, units=0.0, bytes=writer.bytes_written))
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
