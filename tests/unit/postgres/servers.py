"""How tests of PostgreSQL reach a server of theirs as a run does, and read a table whole."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, cast

import asyncpg
import pyarrow as pa
import pyarrow.parquet as pq

from lakeshot.columns.types import Column
from lakeshot.commit.part import PartResult
from lakeshot.files import Compression, FileFormat
from lakeshot.files.delimited import Delimited
from lakeshot.files.target import Target
from lakeshot.postgres.column_types import ReadColumn, read_columns
from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.landing import Landing
from lakeshot.postgres.parts import QueryPart
from lakeshot.postgres.reading import Reading
from lakeshot.postgres.server import Login, Server
from lakeshot.postgres.session import connect
from lakeshot.postgres.table_facts import table_facts
from lakeshot.rate.budget import Progress
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.in_memory.s3 import S3InMemory

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "lake"
TARGET = Target(bucket=BUCKET, prefix="p/", run="run", format=FileFormat.TEXT, compression=Compression.NONE)
"""Of files that a database writes itself."""


def reached(server: PostgresServer, database: str) -> Server:
    """The server as ``exports.yaml`` has it."""
    return Server(
        host=server.host,
        port=server.port,
        database=database,
        ca_certificates=server.ca_certificate.read_text(),
    )


def superuser(server: PostgresServer) -> Login:
    return Login(user=server.superuser, password=server.password)


class Session:
    """One connection and the loop it belongs to."""

    def __init__(self, loop: EventLoop, connection: asyncpg.Connection) -> None:
        self.loop, self.connection = loop, connection

    def columns(self, table: str, schema: str = "public") -> tuple[ReadColumn, ...]:
        """How a table's columns are read."""
        return read_columns(self.loop.run(table_facts(self.connection, schema, table)).columns)

    def read(
        self,
        relation: str,
        columns: tuple[ReadColumn, ...],
        s3: S3InMemory,
        *,
        conditions: tuple[str, ...] = (),
        spend: Callable[[int], object] = lambda _: None,
        report: Callable[[Progress], None] = lambda _: None,
        row_group_bytes: int = 12 * 1024**2,
    ) -> PartResult:
        """Read all rows of a relation into Parquet."""
        target = Target(
            bucket=BUCKET,
            prefix="p/",
            run="run",
            format=FileFormat.PARQUET,
            compression=Compression.SNAPPY,
            first=tuple(read.column.source for read in columns),
            row_group_bytes=row_group_bytes,
        )
        return Reading(columns, target)(
            self.connection,
            self.loop,
            QueryPart(number=0, relation=relation, conditions=conditions, bytes=1),
            attempt=0,
            s3=cast("S3Client", s3),
            spend=spend,
            report=report,
        )

    def land(
        self,
        relation: str,
        columns: tuple[ReadColumn, ...],
        delimited: Delimited | None,
        *,
        conditions: tuple[str, ...] = (),
    ) -> bytes:
        """What the database would write itself: COPY as ``aws_s3`` is told to do it, only to here."""
        part = QueryPart(number=0, relation=relation, conditions=conditions, bytes=1)
        landing = Landing(columns, TARGET, delimited, None, "us-east-1")
        return self.loop.run(self._copied(landing.query(part), landing.options))

    async def _copied(self, query: str, options: str) -> bytes:
        written: list[bytes] = []

        async def take(block: bytes) -> None:
            written.append(block)

        statement = f"COPY ({query}) TO STDOUT WITH ({options})"
        protocol = self.connection._protocol  # type: ignore[attr-defined]  # the public ways quote options
        await protocol.copy_out(statement, take, 60.0)
        return b"".join(written)


@contextmanager
def session(server: PostgresServer, database: Database, login: Login | None = None) -> Iterator[Session]:
    """A session as a reader has it, as the superuser unless told."""
    with EventLoop() as loop:
        opened = connect(reached(server, database.name), login or superuser(server), application_name="test")
        connection = loop.run(opened)
        try:
            yield Session(loop, connection)
        finally:
            connection.terminate()


def in_files(result: PartResult, s3: S3InMemory) -> list[tuple[pa.Table, tuple[Column, ...]]]:
    """What each file of a part holds, as it waits in S3, and the columns its worker told."""
    return [
        (pq.read_table(BytesIO(b"".join(s3.uploads[file.upload_id].parts.values()))), file.columns)
        for file in result.files
    ]
