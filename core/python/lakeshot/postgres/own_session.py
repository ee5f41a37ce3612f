"""A session beside the run's snapshot, for looks at the server as it is now."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import asyncpg

from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.table_locks import Connect
from lakeshot.postgres.told import RAISED, ConnectionLostError, told

T = TypeVar("T")
ANSWER_SECONDS = 5.0
CLOSE_SECONDS = 5.0


class OwnSession:
    """One connection without a transaction, made when something is asked and there is none."""

    def __init__(self, connect: Connect, loop: EventLoop) -> None:
        self._connect, self._loop = connect, loop
        self._connection: asyncpg.Connection | None = None

    def ask(self, question: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """The answer. LakeshotError if there is none, also by another connection than one that broke."""
        try:
            return self._loop.run(self._asked(question))
        except ConnectionLostError:
            return self._loop.run(self._asked(question))

    def close(self) -> None:
        """Close the connection, if there is one."""
        self._loop.run(self._closed())

    async def _asked(self, question: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await question(self._connection)
        except RAISED as error:
            failure = told(error, "looking at the server's load")
            if isinstance(failure, ConnectionLostError):
                self._connection.terminate()
                self._connection = None
            raise failure from error

    async def _closed(self) -> None:
        if self._connection is not None:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await self._connection.close(timeout=CLOSE_SECONDS)
        self._connection = None
