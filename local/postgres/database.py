"""One database of a running server as its superuser sees it, for tests, the demo and benchmarks to set up."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import asyncpg
from pydantic import BaseModel, ConfigDict

from local.postgres.data_directory import SUPERUSER

T = TypeVar("T")


class Database(BaseModel):
    """Speaks through the server's socket, so that what is set up needs neither password nor TLS."""

    model_config = ConfigDict(frozen=True)

    socket_directory: Path
    port: int
    name: str

    def execute(self, sql: str, *arguments: object) -> str:
        """Run SQL and return the last command's tag; several statements if there are no arguments ($1, …)."""
        return self._run(lambda connection: connection.execute(sql, *arguments))

    def query(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Return the rows of one statement."""
        return self._run(lambda connection: connection.fetch(sql, *arguments))

    def create_reader(self, user: str, password: str) -> None:
        """Make a login that may read what the schema ``public`` holds or will hold, and nothing else.

        Logins are the whole server's: one that exists gets this password.
        """
        role, database = quoted(user), quoted(self.name)
        verb = "ALTER" if self.query("SELECT 1 FROM pg_roles WHERE rolname = $1", user) else "CREATE"
        self.execute(
            f"{verb} ROLE {role} LOGIN PASSWORD {literal(password)};"
            f"GRANT CONNECT ON DATABASE {database} TO {role};"
            f"GRANT USAGE ON SCHEMA public TO {role};"
            f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role};"
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {role}"
        )

    async def connect(self) -> asyncpg.Connection:
        """Open a connection of the superuser, for what takes more than one statement."""
        return await asyncpg.connect(
            host=str(self.socket_directory), port=self.port, user=SUPERUSER, database=self.name
        )

    def _run(self, act: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        async def connected() -> T:
            connection = await self.connect()
            try:
                return await act(connection)
            finally:
                await connection.close()

        # In a thread of its own, as the caller's may have an event loop already.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, connected()).result()


def quoted(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text, as standard_conforming_strings has it."""
    return "'" + text.replace("'", "''") + "'"
