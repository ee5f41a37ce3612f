"""Sessions as a job has them, with the servers of the tests."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

import asyncpg

from lakeshot.postgres.cutting import Cut, cut
from lakeshot.postgres.server import Login, Server
from lakeshot.postgres.session import connect
from lakeshot.postgres.source import PostgresSource
from local.postgres.database import Database
from local.postgres.server import PostgresServer

MOMENT = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
T = TypeVar("T")


def server_of(running: PostgresServer, database: Database) -> Server:
    return Server(
        host=running.host,
        port=running.port,
        database=database.name,
        ca_certificates=running.ca_certificate.read_text(),
    )


def superuser(running: PostgresServer) -> Login:
    return Login(user=running.superuser, password=running.password)


@dataclass(frozen=True)
class Sessions:
    """Opens sessions of a test's database."""

    running: PostgresServer
    server: Server
    login: Login
    lock_timeout_seconds: float
    idle_timeout_seconds: float

    @classmethod
    def of(
        cls,
        running: PostgresServer,
        database: Database,
        *,
        login: Login | None = None,
        lock_timeout_seconds: float = 10.0,
        idle_timeout_seconds: float = 0.0,
    ) -> Self:
        return cls(
            running=running,
            server=server_of(running, database),
            login=login or superuser(running),
            lock_timeout_seconds=lock_timeout_seconds,
            idle_timeout_seconds=idle_timeout_seconds,
        )

    async def __call__(self) -> asyncpg.Connection:
        return await connect(
            self.server,
            self.login,
            application_name="lakeshot test run-1",
            lock_timeout_seconds=self.lock_timeout_seconds,
            idle_timeout_seconds=self.idle_timeout_seconds,
        )


def in_snapshot(
    running: PostgresServer,
    database: Database,
    work: Callable[[asyncpg.Connection], Awaitable[T]],
    *,
    login: Login | None = None,
) -> T:
    """What the work makes of a transaction that only reads."""

    async def done() -> T:
        connection = await connect(
            server_of(running, database), login or superuser(running), application_name="a test"
        )
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(done())


def source(**fields: object) -> PostgresSource:
    return PostgresSource.model_validate({"type": "postgres", "connection": "main", **fields})


async def cut_and_read(
    connection: asyncpg.Connection, wanted: PostgresSource, readers: int = 2
) -> tuple[Cut, list[list[tuple[Any, ...]]]]:
    """The parts, and the rows of each as a reader selects them."""
    made = await cut(connection, wanted, moment=MOMENT, readers=readers)
    names = ", ".join('"' + column.name.replace('"', '""') + '"' for column in made.columns)
    read = []
    for part in made.parts:
        where = " AND ".join(f"({condition}\n)" for condition in part.conditions) or "true"
        rows = await connection.fetch(f"SELECT {names} FROM {part.relation} WHERE {where}")
        read.append([tuple(row) for row in rows])
    return made, read
