"""Has the database write one part to S3 itself, by ``aws_s3``, and reads back what lies there.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/postgresql-s3-export.html
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from lakeshot.commit.part import PartResult
from lakeshot.errors import SourceError
from lakeshot.files.delimited import Delimited
from lakeshot.files.target import Target
from lakeshot.listing import listed_sizes
from lakeshot.postgres.column_types import ReadColumn
from lakeshot.postgres.copy_sql import copy_sql
from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.landed_file import landed_file
from lakeshot.postgres.landing_refused import refused_landing
from lakeshot.postgres.parts import QueryPart
from lakeshot.postgres.reading import MEGABYTE
from lakeshot.postgres.told import RAISED
from lakeshot.rate.budget import Progress

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CALL = """
SELECT rows_uploaded, files_uploaded, bytes_uploaded
FROM aws_s3.query_export_to_s3(
    $1::text, $2::text, $3::text, $4::text, options := $5::text, kms_key := $6::text
)
"""


@dataclass(frozen=True)
class Landing:
    """Lands parts as files in their place below the target's prefix, where only the commit makes them count.

    ``columns`` are selected as they are. ``delimited`` says how lines are made up; None writes PostgreSQL's
    binary format. ``region`` is the bucket's, in which the database has to be.
    """

    columns: tuple[ReadColumn, ...]
    target: Target
    delimited: Delimited | None
    kms_key: str | None
    region: str

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
        """Have a part written over a connection that ``loop`` made, under a key that no other attempt has.

        ``spend`` is told of it once the part is there, so that a pace holds on average. SourceError or
        PermissionDeniedError if the database cannot write it, or what lies there is not what it says it
        has written; ConnectionLostError where another connection may do.
        """
        started = time.monotonic()
        doing = f"having the database write part {part.number} of {part.relation} to S3"
        key = self._key(part, attempt)
        try:
            rows, files, size = loop.run(self._call(connection, self.query(part), key))
        except RAISED as error:
            raise refused_landing(error, doing, bucket=self.target.bucket) from error
        sizes = listed_sizes(s3, self.target.bucket, key)
        if (len(sizes), sum(sizes.values())) != (files, size):
            raise SourceError(
                f"{doing}: it says that it has written {files} files of {size} bytes, but {len(sizes)} of "
                f"{sum(sizes.values())} bytes lie at s3://{self.target.bucket}/{key}*; nothing was made "
                "visible. Look for what removes files there, then run again"
            )
        if self.delimited is not None and self.delimited.header and files > 1:
            raise SourceError(
                f"{doing}: it has become {files} files, of which only the first has a header, and readers "
                "would take rows of others for one; nothing was made visible. Say 'header: false', or export "
                "a 'select' with a 'split_by', which makes smaller parts"
            )
        landed = tuple(
            landed_file(s3, self.target, each, columns=self.columns, delimited=self.delimited)
            for each in sizes
        )
        spend(size)
        report(Progress(part=part.number, rows=rows, units=size / MEGABYTE, bytes=size))
        return PartResult(
            part=part.number,
            attempt=attempt,
            files=landed,
            rows=sum(file.rows for file in landed),
            source_count=rows,
            scanned_count=rows,
            consumed_units=size / MEGABYTE,
            pages=files,
            seconds=time.monotonic() - started,
        )

    async def _call(self, connection: asyncpg.Connection, query: str, key: str) -> tuple[int, int, int]:
        [row] = await connection.fetch(
            _CALL, query, self.target.bucket, key, self.region, self.options, self.kms_key
        )
        return row["rows_uploaded"], row["files_uploaded"], row["bytes_uploaded"]

    def query(self, part: QueryPart) -> str:
        """The SELECT whose rows are written."""
        return copy_sql(part, self.columns)

    @property
    def options(self) -> str:
        """COPY's. Both delimited formats are CSV to the server, which then has nothing to quote."""
        if self.delimited is None:
            return "format binary"
        header = ", header true" if self.delimited.header else ""
        return f"format csv, delimiter $${self.delimited.delimiter}$$, null $$\\N$$, encoding 'UTF8'{header}"

    def _key(self, part: QueryPart, attempt: int) -> str:
        """Where the database goes on with ``_part2`` behind it; what an earlier try left has another key."""
        key = self.target.key(part.number, attempt)
        stem, dot, ending = key.rpartition(".")
        return f"{stem}-{secrets.token_hex(4)}{dot}{ending}"
