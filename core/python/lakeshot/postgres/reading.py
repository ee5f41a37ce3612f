"""Reads one part of a table into files nobody can see yet."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import asyncpg

from lakeshot.commit.part import PartResult
from lakeshot.files.target import Target
from lakeshot.files.writer import PartWriter
from lakeshot.postgres.column_types import ReadColumn
from lakeshot.postgres.copy_out import CopyOut
from lakeshot.postgres.copy_sql import copy_sql
from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.parts import QueryPart
from lakeshot.postgres.text_blocks import BYTE_ORDER_MARK, BlockParser, typed
from lakeshot.rate.budget import Progress
from lakeshot.rate.pace import Pace

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MEGABYTE = 1_000_000


class Taking(Protocol):
    """How one part is had: read over a connection, or written by the database itself."""

    @property
    def target(self) -> Target:
        """Where files go."""

    def __call__(
        self,
        connection: asyncpg.Connection,
        loop: EventLoop,
        part: QueryPart,
        *,
        attempt: int,
        s3: "S3Client",
        spend: Callable[[int], object],
        report: Callable[[Progress], None],
    ) -> PartResult:
        """One attempt at a part, over a connection that ``loop`` made.

        ``spend`` is told bytes as the rows are sent and returns when the run's pace allows it, ``report``
        how far the part is. What either raises ends the attempt.
        """


@dataclass(frozen=True)
class Reading:
    """Reads parts of a table with these columns, and encodes and uploads them here."""

    columns: tuple[ReadColumn, ...]
    target: Target

    def __call__(
        self,
        connection: asyncpg.Connection,
        loop: EventLoop,
        part: QueryPart,
        *,
        attempt: int,
        s3: "S3Client",
        spend: Callable[[int], object],
        report: Callable[[Progress], None],
    ) -> PartResult:
        """Read a part's rows over a connection that ``loop`` made, and upload them.

        The next rows are on their way while these are decoded and written. ``spend`` is told of every block
        before it is worked on, and ``report`` every second; what either raises ends the attempt. Units are
        megabytes as the rows are sent. Any error aborts the uploads and, before the last row was sent, closes
        the connection. ConnectionLostError where another connection may do, SourceError or
        PermissionDeniedError where the rows cannot be read.
        """
        started = time.monotonic()
        pace = Pace(time.monotonic, started)
        rows = received = blocks = 0
        parser = BlockParser(self.columns)

        def progress() -> Progress:
            return Progress(
                part=part.number, rows=rows, units=received / MEGABYTE, bytes=writer.bytes_written
            )

        doing = f"reading part {part.number} of {part.relation}"
        with (
            PartWriter(s3, self.target, part.number, typed) as writer,
            CopyOut(
                connection, loop, copy_sql(part, self.columns), columns=len(self.columns), doing=doing
            ) as copy,
        ):
            for block in copy.blocks():
                size = len(block) - len(BYTE_ORDER_MARK)
                spend(size)
                batch = parser.parse(block)
                del block  # before its rows are encoded, which takes more memory than all else
                writer.write(batch)
                rows, received, blocks = rows + batch.num_rows, received + size, blocks + 1
                if pace.is_due():
                    report(progress())
            files = writer.finish()
            report(progress())
        return PartResult(
            part=part.number,
            attempt=attempt,
            files=files,
            rows=sum(file.rows for file in files),
            source_count=copy.rows_sent,
            scanned_count=copy.rows_sent,
            consumed_units=received / MEGABYTE,
            pages=blocks,
            seconds=time.monotonic() - started,
        )
