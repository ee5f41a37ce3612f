"""Locks that keep tables as a snapshot shows them: against TRUNCATE, ALTER, DROP and VACUUM FULL.

They are ACCESS SHARE, as any SELECT takes them, so that writers go on. A table that is rewritten after a
snapshot was taken and before it was locked would look empty in it, so the lock comes first. What LOCK TABLE
does not lock for this user is locked by a SELECT, which takes the snapshot before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import asyncpg

from lakeshot.errors import SourceError
from lakeshot.lake.sql import qualified
from lakeshot.postgres.find_relation import Relation
from lakeshot.postgres.told import told

Connect = Callable[[], Awaitable[asyncpg.Connection]]
"""Opens one more session."""

WATCH_AFTER_SECONDS = 0.5
WATCH_EVERY_SECONDS = 0.5

_LOCKABLE = """
WITH RECURSIVE tree AS (
    SELECT $1::oid AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
)
SELECT pg_catalog.bool_and(c.relkind IN ('r', 'p') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'))
FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid
"""
"""Before 13, LOCK TABLE asks for the right to read every partition."""
_BLOCKERS = """
SELECT a.pid, a.usename::text AS who, a.application_name AS application, a.state, a.xact_start AS since
FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1)) AS b (pid)
JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid ORDER BY a.xact_start
"""


async def lockable(connection: asyncpg.Connection, relations: Sequence[Relation]) -> list[Relation]:
    """Those of the relations that LOCK TABLE locks for this user, with all that belongs to them."""
    return [each for each in relations if await connection.fetchval(_LOCKABLE, each.oid)]


async def lock(connection: asyncpg.Connection, relations: Sequence[Relation], connect: Connect) -> None:
    """Lock the relations for this transaction without taking a snapshot.

    SourceError that says who holds them, as a second session sees it, once the lock_timeout is over.
    """
    if relations:
        names = ", ".join(sorted(qualified(each.schema_name, each.name) for each in relations))
        statement = f"LOCK TABLE {names} IN ACCESS SHARE MODE"
        await watched(connection, connection.execute(statement), names, connect)


async def lock_by_reading(connection: asyncpg.Connection, *relations: str) -> None:
    """Lock what relations, as after FROM, are made of, for this transaction; no row is read."""
    if relations:
        await connection.execute(";\n".join(f"SELECT FROM {each} LIMIT 0" for each in relations))


async def watched(
    connection: asyncpg.Connection, locking: Awaitable[object], names: str, connect: Connect
) -> None:
    """Wait for what locks the named; SourceError that says who holds them if that takes too long."""
    blockers: list[str] = []
    watch = asyncio.create_task(_watch(connection.get_server_pid(), connect, blockers))
    try:
        await locking
    except asyncpg.LockNotAvailableError as error:
        who = f": {'; '.join(blockers)}" if blockers else " (nobody was seen in time)"
        raise SourceError(
            f"{names} could not be locked for reading, because somebody holds or awaits a stronger lock{who}"
            ". Run again when that has ended, or raise 'lock_timeout_seconds'"
        ) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise told(error, f"locking {names}") from error
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


async def _watch(pid: int, connect: Connect, blockers: list[str]) -> None:
    """Keep noting who is waited for, for as long as it takes."""
    await asyncio.sleep(WATCH_AFTER_SECONDS)
    watcher = await connect()
    try:
        while True:
            if seen := await watcher.fetch(_BLOCKERS, pid):
                blockers[:] = [_described(row) for row in seen]
            await asyncio.sleep(WATCH_EVERY_SECONDS)
    finally:
        watcher.terminate()


def _described(row: asyncpg.Record) -> str:
    state = f", {row['state']}" if row["state"] else ""
    since = f", in a transaction since {row['since']:%Y-%m-%d %H:%M:%S} UTC" if row["since"] else ""
    return f"process {row['pid']} of user {row['who']!r} ({row['application'] or 'no name'}{state}{since})"
