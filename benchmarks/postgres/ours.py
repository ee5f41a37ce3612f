"""Ours, as the product does it: one snapshot, ranges of blocks, readers that pull parts from a queue.

Only S3 is left out: uploads become files on the disk that the others write to.
"""

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

import asyncpg

from benchmarks.local_bucket import LocalBucket
from benchmarks.postgres.job import CORES, Job, Run
from lakeshot.driver.connection import DriverContact
from lakeshot.driver.part_queue import PartQueue
from lakeshot.driver.queue_server import QueueServer
from lakeshot.files import Compression, FileFormat
from lakeshot.files.target import Target
from lakeshot.postgres import reader
from lakeshot.postgres.column_types import read_columns
from lakeshot.postgres.coordinator import Coordinator
from lakeshot.postgres.reading import Reading
from lakeshot.postgres.server import Login, Server
from lakeshot.postgres.session import connect
from lakeshot.postgres.source import PostgresSource

TARGET = Target(bucket="b", prefix="p/", run="run", format=FileFormat.PARQUET, compression=Compression.SNAPPY)
SMALL = "id <= 1000"

Spread = Callable[["Worker", Sequence[int]], object]
"""Has a worker called in as many processes as there are numbers."""


@dataclass(frozen=True)
class Sessions:
    """Opens sessions with a password that is known here."""

    server: Server
    login: Login = field(repr=False)

    async def __call__(self) -> asyncpg.Connection:
        """One more session."""
        return await connect(self.server, self.login, application_name="lakeshot benchmark")


@dataclass(frozen=True)
class Worker:
    """The product's reader, which finds a folder where it would find S3."""

    reader: reader.Reader
    write: Path

    def __call__(self, number: int, attempt: int = 0) -> int:
        """Read until nothing is left; how many parts were read."""
        bucket = LocalBucket(self.write, self.write)
        with patch.object(reader, "s3_client", lambda _region: bucket.client()):
            return self.reader(number, attempt)


def outside_spark(job: Job) -> Run:
    """Two processes, started before, in which a few rows were read."""
    pool = ProcessPoolExecutor(CORES, mp_context=get_context("spawn"))

    def spread(worker: Worker, numbers: Sequence[int]) -> None:
        list(pool.map(worker, numbers))

    job.emptied()
    _export(job, spread, where=SMALL)
    return lambda: _check(job, _export(job, spread))


def in_spark(job: Job) -> Run:
    """Two long tasks."""
    from benchmarks.postgres.in_spark import session, warm  # noqa: PLC0415  (without Spark there is none)
    from lakeshot_spark.distribution import distribute  # noqa: PLC0415

    session()
    job.emptied()
    return warm(lambda: _check(job, _export(job, distribute)))


def _export(job: Job, spread: Spread, where: str | None = None) -> int:
    """How many rows were written."""
    server = Server(
        host=job.host,
        port=job.port,
        database=job.database,
        ca_certificates=job.ca_certificate.read_text(),
    )
    source = PostgresSource(type="postgres", connection="benchmark", table=job.table, where=where)
    sessions = Sessions(server, Login(job.user, job.password))
    with Coordinator(sessions, [source]) as coordinator:
        cut = coordinator.cut(source, CORES)
        queue, key = PartQueue(cut.parts), secrets.token_bytes()
        with QueueServer(queue, key) as served:
            worker = Worker(
                reader.Reader(
                    connect=sessions,
                    snapshot=coordinator.snapshot,
                    held=cut.held,
                    relations=cut.relations,
                    leaves=cut.leaves,
                    take=Reading(read_columns(cut.columns), TARGET),
                    region="",
                    driver=DriverContact(served.address, key),
                ),
                job.write,
            )
            spread(worker, range(CORES))
        return sum(result.rows for result in queue.results())


def _check(job: Job, rows: int) -> None:
    if rows != job.rows:
        raise RuntimeError(f"{rows:,} rows of {job.rows:,}")
