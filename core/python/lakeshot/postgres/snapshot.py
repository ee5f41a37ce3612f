"""One moment of a database, which the transactions of several sessions see alike."""

from datetime import datetime

import asyncpg

from lakeshot.errors import SourceError
from lakeshot.lake.sql import literal
from lakeshot.model import Model
from lakeshot.postgres.told import ConnectionLostError, told

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_TAKE = """
SELECT {id} AS id, $1::timestamptz AS taken_at, pg_catalog.pg_is_in_recovery() AS is_standby,
    pg_catalog.current_setting('server_version_num')::int4 AS server_version,
    pg_catalog.host(pg_catalog.inet_server_addr()) AS server,
    pg_catalog.pg_postmaster_start_time() AS up_since
"""
_SHARED, _OWN = _TAKE.format(id="pg_catalog.pg_export_snapshot()"), _TAKE.format(id="NULL::pg_catalog.text")
_SERVER = """
SELECT pg_catalog.host(pg_catalog.inet_server_addr()) AS server,
    pg_catalog.pg_postmaster_start_time() AS up_since
"""


class Snapshot(Model):
    """A snapshot as its holder tells it to others, who can adopt it while that one holds it.

    ``id`` is PostgreSQL's name for it, None if it is not shared. ``taken_at`` is by the server's clock, just
    before: whatever was committed until then is seen. ``server`` is the server's address, and ``up_since``
    tells it from others that the same name may lead to; one server may have several addresses.
    """

    id: str | None
    taken_at: datetime
    server: str | None
    up_since: datetime
    server_version: int
    is_standby: bool


async def clock(connection: asyncpg.Connection) -> datetime:
    """The server's clock; to be asked outside the transaction, as any query would take its snapshot."""
    (row,) = await connection.fetch("SELECT pg_catalog.clock_timestamp()")
    now: datetime = row[0]
    return now


async def take(connection: asyncpg.Connection, *, shared: bool, taken_at: datetime) -> Snapshot:
    """Take the snapshot of a transaction that has none yet; SourceError if it cannot be shared."""
    try:
        (row,) = await connection.fetch(_SHARED if shared else _OWN, taken_at)
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
        await _check_server(connection, snapshot)  # another server may have one of the same name
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        failure = told(error, "adopting the snapshot")
        if isinstance(failure, ConnectionLostError):
            raise failure from error
        await connection.execute("ROLLBACK")
        await _check_server(connection, snapshot)
        raise SourceError(
            f"nobody holds the snapshot any more ({error}): the driver's connection has ended; run again"
        ) from error


async def _check_server(connection: asyncpg.Connection, snapshot: Snapshot) -> None:
    (row,) = await connection.fetch(_SERVER)
    if row["up_since"] != snapshot.up_since:
        raise SourceError(
            f"the snapshot is on the server at {snapshot.server}, up since {snapshot.up_since}, but "
            f"this reader reached the one at {row['server']}, up since {row['up_since']}; give an address "
            "that leads to one server, such as an instance's endpoint"
        )
