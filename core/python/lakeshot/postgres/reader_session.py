"""A reader's connection: in the run's snapshot, with locks of its own, made anew when it broke."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

import asyncpg

from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.snapshot import BEGIN, Snapshot, adopt
from lakeshot.postgres.table_locks import Connect, lock_by_reading
from lakeshot.postgres.told import ConnectionLostError, told

PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Between tries to connect: long enough for a server to come back or a network to settle."""
CLOSE_SECONDS = 5.0


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


class ReaderSession:
    """One connection at a time, until the context is left."""

    def __init__(self, like: Held, loop: EventLoop, sleep: Callable[[float], None] = time.sleep) -> None:
        self._like, self._sleep = like, sleep
        self._connection: asyncpg.Connection | None = None
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
            except ConnectionLostError:
                if pause is None:
                    raise
                self._sleep(pause)

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
            for relation in self._like.held:
                await lock_by_reading(connection, relation)
        except BaseException as error:
            connection.terminate()
            if isinstance(error, (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
                raise told(error, "opening a reader's session") from error
            raise
        return connection

    async def _close(self, connection: asyncpg.Connection) -> None:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            await connection.close(timeout=CLOSE_SECONDS)


async def _terminate(connection: asyncpg.Connection) -> None:
    connection.terminate()
