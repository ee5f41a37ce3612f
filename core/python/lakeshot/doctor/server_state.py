"""What a server is, how many connections it has left, and what else goes on in it."""

from datetime import timedelta

import asyncpg

from lakeshot.doctor.checklist import Finding
from lakeshot.errors import SourceError

LONG = timedelta(hours=1)
"""A transaction that is open longer has been forgotten, or is another export."""

_SERVER = """
SELECT pg_catalog.current_setting('server_version') AS version,
    pg_catalog.pg_is_in_recovery() AS is_standby,
    EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = 'aurora_version') AS is_aurora,
    coalesce(pg_catalog.current_setting('hot_standby_feedback', true), 'off') AS feedback,
    coalesce(pg_catalog.current_setting('max_standby_streaming_delay', true), '') AS delay
"""
_AURORA_VERSION = "SELECT aurora_version()"
_CONNECTIONS = """
SELECT pg_catalog.current_setting('max_connections')::int4
        - pg_catalog.current_setting('superuser_reserved_connections')::int4
        - coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::int4 AS most,
    r.rolconnlimit AS most_of_user, d.datconnlimit AS most_of_database,
    a.used, a.used_by_user, a.used_in_database
FROM pg_catalog.pg_roles r, pg_catalog.pg_database d, (
    SELECT pg_catalog.count(*) AS used,
        pg_catalog.count(*) FILTER (WHERE usename = current_user) AS used_by_user,
        pg_catalog.count(*) FILTER (WHERE datname = pg_catalog.current_database()) AS used_in_database
    FROM pg_catalog.pg_stat_activity
    WHERE usesysid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
) a
WHERE r.rolname = current_user AND d.datname = pg_catalog.current_database()
"""
"""Of other users' sessions it is not told what kind they are, unless pg_read_all_stats is granted."""
_OLDEST = """
SELECT pg_catalog.now() - xact_start AS open, pid, coalesce(usename::text, backend_type) AS who,
    coalesce(application_name, '') AS application,
    (SELECT pg_catalog.max(pg_catalog.age(backend_xmin)) FROM pg_catalog.pg_stat_activity) AS held_back
FROM pg_catalog.pg_stat_activity
WHERE xact_start IS NOT NULL AND pid <> pg_catalog.pg_backend_pid()
ORDER BY xact_start LIMIT 1
"""
_SEES_OTHERS = "SELECT pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"


async def what_it_is(connection: asyncpg.Connection) -> Finding:
    """Its version, and whether it writes; of a standby, what may end long queries there."""
    [row] = await connection.fetch(_SERVER)
    aurora = f", Aurora {await connection.fetchval(_AURORA_VERSION)}" if row["is_aurora"] else ""
    said = f"PostgreSQL {row['version']}{aurora}, {'a reader' if row['is_standby'] else 'the writer'}"
    if row["is_standby"] and row["feedback"] == "off" and not row["is_aurora"]:
        return Finding(
            f"{said}; hot_standby_feedback is off, max_standby_streaming_delay {row['delay']}, "
            "after which it ends queries that are in the way of its primary's changes; turn the former on, "
            "or read from the primary",
            warns=True,
        )
    return Finding(said)


async def connections_left(connection: asyncpg.Connection, wanted: int) -> Finding:
    """How many more connections are granted; SourceError if they are fewer than a run wants."""
    [row] = await connection.fetch(_CONNECTIONS)
    limits = [("the server", row["most"], row["used"])]
    if row["most_of_user"] >= 0:
        limits.append(("the user", row["most_of_user"], row["used_by_user"]))
    if row["most_of_database"] >= 0:
        limits.append(("the database", row["most_of_database"], row["used_in_database"]))
    # This connection will be gone, too.
    of, most, used = min(limits, key=lambda limit: limit[1] - limit[2])
    left = most - used + 1
    said = f"{left} of {of}'s {most} are free, a run takes {wanted}"
    if left < wanted:
        raise SourceError(
            f"{said}; lower 'readers' in exports.yaml, end idle sessions, or raise the limit "
            "(max_connections, or CONNECTION LIMIT of the user or the database)"
        )
    return Finding(said)


async def oldest_transaction(connection: asyncpg.Connection) -> Finding:
    """The transaction that is open for longest, whose snapshot keeps the server from removing dead rows."""
    sees_others = await connection.fetchval(_SEES_OTHERS)
    row = await connection.fetchrow(_OLDEST)
    if row is None:
        unseen = "" if sees_others else " that this user may see (pg_read_all_stats shows all)"
        return Finding(f"no other is open{unseen}")
    whose = f"of {row['who']} (process {row['pid']}{', ' if row['application'] else ''}{row['application']})"
    open_for = timedelta(seconds=int(row["open"].total_seconds()))
    held = f", {row['held_back']:,} transactions are held back" if row["held_back"] else ""
    said = f"the oldest, {whose}, is open for {open_for}{held}"
    if open_for < LONG:
        return Finding(said)
    return Finding(f"{said}; dead rows pile up meanwhile: end it if nobody needs it", warns=True)
