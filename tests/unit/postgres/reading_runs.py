"""A run's reading without Spark and S3: a coordinator, a queue, and readers in threads or processes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import asyncpg
import pyarrow as pa
import pyarrow.parquet as pq

from lakeshot.commit.part import PartResult
from lakeshot.driver.byte_pace import BytePace
from lakeshot.driver.connection import DriverContact
from lakeshot.driver.part_queue import PartQueue
from lakeshot.driver.queue_server import QueueServer
from lakeshot.files import Compression, FileFormat
from lakeshot.files.target import Target
from lakeshot.postgres import reader as reader_module
from lakeshot.postgres.column_types import ReadColumn, read_columns
from lakeshot.postgres.coordinator import Coordinator
from lakeshot.postgres.cutting import Cut
from lakeshot.postgres.parts import QueryPart
from lakeshot.postgres.reader import Reader, read_alone
from lakeshot.postgres.reading import Reading, Taking
from lakeshot.postgres.source import PostgresSource
from tests.in_memory.s3 import S3InMemory
from tests.unit.postgres.sessions import Sessions

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TARGET = Target(
    bucket="lake", prefix="p/", run="run-1", format=FileFormat.PARQUET, compression=Compression.NONE
)


class Trigger(BytePace):
    """Does something once so many blocks have been read."""

    def __init__(self, after: int, act: Callable[[], object]) -> None:
        super().__init__()
        self._left, self._act = after, act

    def again(self, after: int) -> None:
        """Do it once more."""
        self._left = after

    def spend(self, read: int) -> float:
        if read:
            self._left -= 1
            if self._left == 0:
                self._act()
        return super().spend(read)


@dataclass(frozen=True)
class WithoutS3:
    """Opens sessions in a process that has no S3."""

    sessions: Sessions

    async def __call__(self) -> asyncpg.Connection:
        s3 = cast("S3Client", S3InMemory())
        setattr(reader_module, "s3_client", lambda _: s3)  # noqa: B010
        return await self.sessions()


@dataclass
class Run:
    """One table's reading."""

    cut: Cut
    queue: PartQueue[QueryPart]
    reader: Reader

    def by_threads(self, count: int) -> list[int]:
        """Have so many readers read to the end; how many parts each has read."""
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(self.reader, range(count)))


@contextmanager
def reading(
    coordinator: Coordinator,
    wanted: PostgresSource,
    *,
    pace: BytePace | None = None,
    readers: int = 2,
    take: Taking | None = None,
) -> Iterator[Run]:
    """All that readers need, while the context lasts."""
    cut = coordinator.cut(wanted, readers)
    queue = PartQueue(cut.parts, pace=pace)
    coordinator.when_lost(queue.stop)
    columns = read_columns(cut.columns)
    connect = coordinator._connect
    with QueueServer(queue, b"key") as server:
        yield Run(
            cut,
            queue,
            Reader(
                connect=connect,
                snapshot=coordinator.snapshot,
                held=cut.held,
                relations=cut.relations,
                leaves=cut.leaves,
                take=take or Reading(columns, _target(columns)),
                region="us-east-1",
                driver=DriverContact(server.address, b"key"),
            ),
        )


def read_by_holder(coordinator: Coordinator, cut: Cut, queue: PartQueue[QueryPart], s3: S3InMemory) -> None:
    """Read all of a table by the connection that holds the moment."""
    take = Reading(read_columns(cut.columns), TARGET)
    read_alone(
        coordinator,
        queue,
        take,
        relations=cut.relations,
        leaves=cut.leaves,
        s3=cast("S3Client", s3),
    )


def _target(columns: tuple[ReadColumn, ...]) -> Target:
    return TARGET.model_copy(update={"first": tuple(each.column.source for each in columns)})


def rows_of(results: list[PartResult], s3: S3InMemory) -> list[dict[str, Any]]:
    """The rows that the accepted attempts have uploaded."""
    tables = [
        pq.read_table(BytesIO(b"".join(s3.uploads[file.upload_id].parts.values())))
        for result in results
        for file in result.files
    ]
    rows: list[dict[str, Any]] = pa.concat_tables(tables).to_pylist() if tables else []
    return rows
