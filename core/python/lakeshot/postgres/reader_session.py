"""A reader's connection: in the run's snapshot, with locks of its own, made anew when it broke."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self, TypeVar

import asyncpg

from lakeshot.driver.pages_read import PagesRead
from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.own_reads import pages_read
from lakeshot.postgres.relations_read import check_no_others
from lakeshot.postgres.snapshot import BEGIN, Snapshot, adopt
from lakeshot.postgres.table_locks import Connect, lock_by_reading
from lakeshot.postgres.told import RAISED, ConnectionLostError, told

T = TypeVar("T")

PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Between tries to connect: long enough for a server to come back or a network to settle."""
CLOSE_SECONDS = 5.0
ANSWER_SECONDS = 30.0


class Held(Protocol):
    """What a session is to be like."""

    @property
    def connect(self) -> Connect:
        """Opens a session."""

    @property
    def snapshot(self) -> Snapshot:
        """The moment to see."""

    @property
    def held(self) -> Sequence[str]:
        """Relations to lock, as after FROM."""

    @property
    def relations(self) -> Collection[int]:
        """The oids of all that may be read."""

    @property
    def leaves(self) -> Collection[int]:
        """The oids of the tables whose pages are counted."""


class ReaderSession:
    """One connection at a time, until the context is left."""

    def __init__(self, like: Held, loop: EventLoop, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._like, self._sleep = like, sleep
        self._connection: asyncpg.Connection | None = None
        self._counted = PagesRead()
        self.loop = loop
        """What the connection belongs to."""

    @property
    def connection(self) -> asyncpg.Connection:
        """The open connection."""
        if self._connection is None:
            raise ValueError("the session was not opened")
        return self._connection

    def open(self) -> None:
        """See that there is a connection in the snapshot.

        ConnectionLostError if none could be made for some time, SourceError if that will not change: the
        snapshot is gone, or somebody waits to change the table.
        """
        for pause in (*PAUSES_SECONDS, None):
            if self._connection is not None and not self._connection.is_closed():
                return
            try:
                self._connection = self.loop.run(self._opened())
                self._counted = PagesRead()
            except ConnectionLostError:
                if pause is None:
                    raise
                self._sleep(pause)

    def check(self) -> PagesRead:
        """Raise SourceError if what was read is not what the snapshot's holder has locked.

        The pages that the connection has read since it was last checked.
        """
        self.loop.run(self._asked(check_no_others(self.connection, self._like.relations)))
        before = self._counted
        self._counted = self.loop.run(self._asked(pages_read(self.connection, self._like.leaves)))
        return self._counted.since(before)

    def drop(self) -> None:
        """Break the connection and have the next ``open`` make another."""
        if self._connection is not None:
            self.loop.run(_terminate(self._connection))
            self._connection = None

    def end(self) -> None:
        """Break the connection, whatever it does; may be called by any thread."""
        if self._connection is not None:
            self.loop.call(self._connection.terminate)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None and not self._connection.is_closed():
            self.loop.run(self._close(self._connection))

    async def _opened(self) -> asyncpg.Connection:
        connection = await self._like.connect()
        try:
            await connection.execute(BEGIN)
            await adopt(connection, self._like.snapshot)
            await lock_by_reading(connection, *self._like.held)
            await check_no_others(connection, self._like.relations)
        except BaseException as error:
            connection.terminate()
            if isinstance(error, RAISED):
                raise told(error, "opening a reader's session") from error
            raise
        return connection

    async def _asked(self, question: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await question
        except RAISED as error:
            raise told(error, "asking the server") from error

    async def _close(self, connection: asyncpg.Connection) -> None:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            await connection.close(timeout=CLOSE_SECONDS)


async def _terminate(connection: asyncpg.Connection) -> None:
    connection.terminate()
