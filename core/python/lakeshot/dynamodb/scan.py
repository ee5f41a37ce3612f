"""Reads one segment of a table's scan, within the run's budget, into files nobody can see yet."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from lakeshot.commit.part import PartResult
from lakeshot.dynamodb.attribute_values import AttributeValue
from lakeshot.dynamodb.columns import typed
from lakeshot.dynamodb.envelope import Envelope, envelope
from lakeshot.dynamodb.page import Page, PageDecoder
from lakeshot.dynamodb.raw_client import ScanClient
from lakeshot.errors import SourceError, ThrottledError
from lakeshot.files.target import Target
from lakeshot.files.writer import PartWriter
from lakeshot.model import Model
from lakeshot.rate.budget import Budget, Progress, reserve
from lakeshot.rate.pace import Pace

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LONGEST_BACKOFF_SECONDS = 10.0


class ScanPart(Model):
    """One segment of a table: what one worker reads. Its number is the part's number.

    A page that is refused for ``patience_seconds`` on end gives the attempt up.
    """

    table: str
    segment: int
    total_segments: int
    consistent_read: bool = False
    patience_seconds: float = 600.0


def read_part(
    part: ScanPart,
    *,
    attempt: int,
    target: Target,
    scan: ScanClient,
    s3: "S3Client",
    budget: Budget,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> PartResult:
    """Read a segment to its end and upload its rows, one row per item.

    The next page is on its way while this one is decoded. Any error aborts the uploads. Raises
    ThrottledError when the table refuses for too long, SourceError when it cannot be read.
    """
    started = clock()
    pace = Pace(clock, started)
    rows = count = scanned = pages = 0
    units = 0.0
    decoder = PageDecoder()
    reader = _SegmentReader(part, scan, budget, sleep, clock)
    with PartWriter(s3, target, part.segment, typed) as writer:
        for said, body in reader.pages():
            page = decoder.decode(body)
            _check(part, said, page)
            writer.write(page.items)
            rows += page.items.num_rows
            count, scanned = count + said.count, scanned + said.scanned_count
            units, pages = units + said.consumed_units, pages + 1
            if said.last_evaluated_key is None or pace.is_due():
                budget.report(Progress(part=part.segment, rows=rows, units=units, bytes=writer.bytes_written))
        files = writer.finish()
    return PartResult(
        part=part.segment,
        attempt=attempt,
        files=files,
        rows=sum(file.rows for file in files),
        source_count=count,
        scanned_count=scanned,
        consumed_units=units,
        pages=pages,
        seconds=clock() - started,
    )


class _SegmentReader:
    """Fetches a segment's pages one ahead of their use."""

    def __init__(
        self,
        part: ScanPart,
        scan: ScanClient,
        budget: Budget,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self._part, self._scan, self._budget = part, scan, budget
        self._sleep, self._clock = sleep, clock

    def pages(self) -> Iterator[tuple[Envelope, bytes]]:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="scan") as fetcher:
            coming = fetcher.submit(self._fetch, None)
            while True:
                said, body = coming.result()
                if said.last_evaluated_key is None:
                    yield said, body
                    return
                coming = fetcher.submit(self._fetch, said.last_evaluated_key)
                yield said, body

    def _fetch(self, start_key: Mapping[str, AttributeValue] | None) -> tuple[Envelope, bytes]:
        refused_since, backoff = self._clock(), 0.1
        while True:
            try:
                return self._fetch_once(start_key)
            except ThrottledError:
                if self._clock() - refused_since + backoff > self._part.patience_seconds:
                    raise
            self._sleep(backoff * random.uniform(0.5, 1.0))  # noqa: S311  (spreads retries, guards nothing)
            backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)

    def _fetch_once(self, start_key: Mapping[str, AttributeValue] | None) -> tuple[Envelope, bytes]:
        grant = reserve(self._budget, self._part.segment, self._sleep)
        items, units = 0, 0.0
        try:
            body = self._scan.page(
                table=self._part.table,
                segment=self._part.segment,
                total_segments=self._part.total_segments,
                start_key=start_key,
                limit=grant.limit,
                consistent=self._part.consistent_read,
            )
            said = envelope(body)
            items, units = said.scanned_count, said.consumed_units
        finally:
            self._budget.settle(grant, items, units)
        return said, body


def _check(part: ScanPart, said: Envelope, page: Page) -> None:
    decoded = page.items.num_rows
    if decoded != said.count or (page.last_evaluated_key is None) != (said.last_evaluated_key is None):
        raise SourceError(
            f"a page of table {part.table!r}, segment {part.segment}, says it has {said.count} items "
            f"but {decoded} were decoded; nothing was published, please report this as a defect"
        )
