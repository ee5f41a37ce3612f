"""The connection that all questions to the database go through, from code that waits in the ordinary way."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import asyncpg

from lakeshot.doctor.checklist import Finding
from lakeshot.errors import SourceError
from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.server import Login, Server
from lakeshot.postgres.session import connect
from lakeshot.postgres.table_locks import Connect
from lakeshot.postgres.told import told

ANSWER_SECONDS = 10.0
CHECK_SECONDS = 120.0
"""What cutting a large table may take where its key has to be sampled."""


class DoctorSession:
    """A connection that is made when asked for, and gone when the context ends."""

    def __init__(self, application_name: str) -> None:
        self._application_name = application_name
        self._loop = EventLoop("doctor")
        self._connection: asyncpg.Connection | None = None
        self._connect: Connect | None = None

    def log_in(self, server: Server, login: Login, lock_timeout_seconds: float) -> None:
        """Connect as a run does, but with less patience."""

        async def connected() -> asyncpg.Connection:
            return await connect(
                server,
                login,
                application_name=self._application_name,
                lock_timeout_seconds=lock_timeout_seconds,
                statement_timeout_seconds=CHECK_SECONDS,
                timeout_seconds=ANSWER_SECONDS,
            )

        self._connection = self._loop.run(connected())
        self._connect = connected

    async def another(self) -> asyncpg.Connection:
        """One more connection like this one."""
        if self._connect is None:
            raise SourceError("nobody has logged in")
        return await self._connect()

    @property
    def connection(self) -> asyncpg.Connection:
        """The connection; SourceError before there is one."""
        if self._connection is None:
            raise SourceError("there is no connection to the database")
        return self._connection

    def ask(self, question: Callable[[asyncpg.Connection], Awaitable[Finding]]) -> Finding:
        """Ask in a transaction of its own, which only reads; the connection's errors are told as ours."""

        async def asked() -> Finding:
            async with self.connection.transaction(isolation="repeatable_read", readonly=True):
                return await question(self.connection)

        try:
            return self._loop.run(asyncio.wait_for(asked(), CHECK_SECONDS + ANSWER_SECONDS))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise told(error, "asking the database") from error

    def __enter__(self) -> Self:
        self._loop.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._loop.call(self._connection.terminate)
        self._loop.__exit__(kind, error, trace)
