"""One moment of a database, which the transactions of several sessions see alike."""

from datetime import datetime

import asyncpg

from lakeshot.errors import LakeshotError, SourceError
from lakeshot.lake.sql import literal
from lakeshot.model import Model
from lakeshot.postgres.told import ConnectionLostError, told

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_TAKE = """
SELECT {id} AS id, pg_catalog.clock_timestamp() AS taken_at, pg_catalog.pg_is_in_recovery() AS is_standby,
    pg_catalog.current_setting('server_version_num')::int4 AS server_version,
    pg_catalog.format(
        '%s, up since %s', pg_catalog.inet_server_addr(), pg_catalog.pg_postmaster_start_time()
    ) AS server
"""
_SHARED, _OWN = _TAKE.format(id="pg_catalog.pg_export_snapshot()"), _TAKE.format(id="NULL::pg_catalog.text")


class Snapshot(Model):
    """A snapshot as its holder tells it to others, who can adopt it while that one holds it.

    ``id`` is PostgreSQL's name for it, None if it is not shared. ``taken_at`` is by the server's clock.
    ``server`` tells the server from others that the same name may lead to.
    """

    id: str | None
    taken_at: datetime
    server: str
    server_version: int
    is_standby: bool


async def take(connection: asyncpg.Connection, *, shared: bool) -> Snapshot:
    """Take the snapshot of a transaction that has none yet; SourceError if it cannot be shared."""
    try:
        (row,) = await connection.fetch(_SHARED if shared else _OWN)
    except (asyncpg.ObjectNotInPrerequisiteStateError, asyncpg.FeatureNotSupportedError) as error:
        raise SourceError(
            f"the server shares no snapshot ({error.message}), so each reader would see another moment; give "
            "the address of the database itself rather than of a pooler, or set 'consistency: single', by "
            "which one reader reads all"
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise SourceError(
            f"this user may not share a snapshot ({error.message}); have an administrator GRANT EXECUTE ON "
            "FUNCTION pg_catalog.pg_export_snapshot() TO it, or set 'consistency: single'"
        ) from error
    return Snapshot(**dict(row))


async def adopt(connection: asyncpg.Connection, snapshot: Snapshot) -> None:
    """Have a transaction that has no snapshot yet see that moment.

    SourceError if nobody holds it there any more, or this is another server.
    """
    if snapshot.id is None:
        raise ValueError("a snapshot that is not shared can be adopted by nobody")
    try:
        await connection.execute(f"SET TRANSACTION SNAPSHOT {literal(snapshot.id)}")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        failure = told(error, "adopting the snapshot")
        if isinstance(failure, ConnectionLostError):
            raise failure from error
        raise await _not_there(connection, snapshot, error) from error


async def _not_there(connection: asyncpg.Connection, snapshot: Snapshot, error: Exception) -> LakeshotError:
    await connection.execute("ROLLBACK")
    (row,) = await connection.fetch(_OWN)
    if row["server"] != snapshot.server:
        return SourceError(
            f"the snapshot is on the server at {snapshot.server}, but this reader reached the one at "
            f"{row['server']}; give an address that leads to one server, such as an instance's endpoint"
        )
    return SourceError(
        f"nobody holds the snapshot any more ({error}): the driver's connection has ended; run again"
    )
