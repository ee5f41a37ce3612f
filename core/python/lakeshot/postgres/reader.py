"""What one long-lived task does: reads parts, by one connection at a time, until the run has no more."""

import logging
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from lakeshot.commit.part import PartResult
from lakeshot.driver.connection import DriverContact
from lakeshot.driver.paced import wait_for_pace
from lakeshot.driver.part_queue import Assigned, Done, Idle, PartQueue, StoppedError
from lakeshot.driver.remote_queue import RemoteQueue
from lakeshot.errors import DriverLostError, LakeshotError
from lakeshot.files.upload import abort_upload
from lakeshot.postgres.coordinator import Coordinator
from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.own_reads import pages_read
from lakeshot.postgres.parts import QueryPart
from lakeshot.postgres.reader_session import ReaderSession
from lakeshot.postgres.reading import Taking
from lakeshot.postgres.relations_read import check_no_others
from lakeshot.postgres.snapshot import Snapshot
from lakeshot.postgres.table_locks import Connect
from lakeshot.postgres.told import ConnectionLostError
from lakeshot.worker_process import no_garbage_collection, s3_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reader:
    """Reads parts that the driver hands out, all at the snapshot's moment; results go to the driver's queue.

    ``held`` are relations that it locks first, so that what waits for the table later cannot stop it,
    ``relations`` the oids of all that it may read: a part of anything else is refused. Those whose pages are
    counted are ``leaves``. A connection that breaks is made anew, and the part tried again. Can be sent to
    another process, so ``connect`` holds no password but finds it there.
    """

    connect: Connect
    snapshot: Snapshot
    held: tuple[str, ...]
    relations: tuple[int, ...]
    leaves: tuple[int, ...]
    take: Taking
    region: str
    driver: DriverContact

    def __call__(self, number: int, attempt: int = 0) -> int:
        """Read until nothing is left or the run is stopped; how many parts this reader has read.

        DriverLostError if the driver is gone. Whatever else ends the reading is told to the driver, which
        raises it.
        """
        log.info("reader %d begins, for the %d. time", number, attempt + 1)
        with EventLoop(f"reader-{number}") as loop, ReaderSession(self, loop) as session:
            queue = RemoteQueue(self.driver, QueryPart, on_stop=session.end, on_wait=session.open)
            with queue, no_garbage_collection():
                return self._read_all(queue, session)

    def _read_all(self, queue: RemoteQueue[QueryPart], session: ReaderSession) -> int:
        done = 0
        with suppress(StoppedError):
            try:
                session.open()
                for part, attempt in queue.parts():
                    session.open()  # again, if it broke while there was no part
                    done += self._read(queue, session, part, attempt)
                    session.open()  # again, if it broke with the part, before another is asked for
            except LakeshotError as error:
                if isinstance(error, (StoppedError, DriverLostError)):
                    raise
                log.warning("a reader ends before the parts do: %s", error)
                queue.note(str(error))
        return done

    def _read(
        self, queue: RemoteQueue[QueryPart], session: ReaderSession, part: QueryPart, attempt: int
    ) -> bool:
        s3 = s3_client(self.region)
        try:
            result = self.take(
                session.connection,
                session.loop,
                part,
                attempt=attempt,
                s3=s3,
                spend=queue.spend,
                report=queue.report,
            )
            with _given_up_otherwise(s3, self.take.target.bucket, result):
                pages = session.check()
        except (ConnectionLostError, BotoCoreError, ClientError) as error:
            log.warning("attempt %d at part %d failed: %s", attempt, part.number, error)
            session.drop()
            queue.failed(part.number, str(error))
            return False
        except (StoppedError, DriverLostError):
            raise
        except LakeshotError as error:
            queue.give_up(error)
            raise StoppedError(str(error)) from error
        return queue.finished(result, pages)


def read_alone(
    coordinator: Coordinator,
    queue: PartQueue[QueryPart],
    take: Taking,
    *,
    relations: Collection[int],
    leaves: Collection[int],
    s3: "S3Client",
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Read every part by the connection that holds the snapshot, where it cannot be shared.

    ``relations`` are the oids of all that may be read, ``leaves`` of those whose pages are counted. Raises
    what ends the reading; a part cannot be tried again, as the moment would be another.
    """
    counted = coordinator.run(lambda connection: pages_read(connection, leaves))
    with no_garbage_collection():
        while not isinstance(given := _next(queue, coordinator), Done):
            if not isinstance(given, Assigned):
                sleep(given.seconds)
                continue
            try:
                with coordinator.reading() as connection:  # which is kept alive while nobody reads by it
                    result = take(
                        connection,
                        coordinator.loop,
                        given.part,
                        attempt=given.attempt,
                        s3=s3,
                        spend=lambda read: wait_for_pace(queue.spend, read, sleep=sleep),
                        report=queue.report,
                    )
                coordinator.run(lambda connection: check_no_others(connection, relations))
                before, counted = counted, coordinator.run(lambda connection: pages_read(connection, leaves))
            except (StoppedError, ConnectionLostError) as error:
                raise coordinator.loss or error from error
            queue.finished(coordinator, result, counted.since(before))


def _next(queue: PartQueue[QueryPart], coordinator: Coordinator) -> Assigned[QueryPart] | Idle | Done:
    try:
        return queue.next(coordinator)
    except StoppedError as error:
        raise coordinator.loss or error from error


def run_in_processes(reader: Reader, count: int) -> None:
    """Have so many processes read, and wait until all have ended; the driver's queue has what came of it."""
    context = get_context("spawn")
    processes = [
        context.Process(target=reader, args=(number,), name=f"reader-{number}", daemon=True)
        for number in range(count)
    ]
    for process in processes:
        process.start()
    for number, process in enumerate(processes):
        process.join()
        if process.exitcode:
            log.warning("the process of reader %d ended with %d", number, process.exitcode)


@contextmanager
def _given_up_otherwise(s3: "S3Client", bucket: str, result: PartResult) -> Iterator[None]:
    try:
        yield
    except LakeshotError:
        for file in (file for file in result.files if file.landed_etag is None):
            abort_upload(s3, bucket, file.key, file.upload_id)
        raise
