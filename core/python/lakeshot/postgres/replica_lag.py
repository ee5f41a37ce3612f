"""How far replication is behind, as far as the server at hand can tell."""

import asyncpg

from lakeshot.errors import SourceError

_KIND = """
SELECT pg_catalog.to_regprocedure('pg_catalog.aurora_replica_status()') IS NOT NULL AS is_aurora,
    pg_catalog.pg_is_in_recovery() AS is_standby
"""
_OF_AURORA = """
SELECT pg_catalog.max(replica_lag_in_msec) / 1000.0 FROM pg_catalog.aurora_replica_status()
WHERE session_id <> 'MASTER_SESSION_ID' AND (
    last_update_timestamp IS NULL
    OR last_update_timestamp > pg_catalog.clock_timestamp() - '5 minutes'::pg_catalog.interval
)
"""
"""Readers that are gone stay listed for a while.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora_replica_status.html
"""
_OF_STANDBY = """
SELECT received IS NOT NULL AS streams,
    CASE WHEN received <> pg_catalog.pg_last_wal_replay_lsn() THEN pg_catalog.date_part(
        'epoch', pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()
    ) END AS seconds
FROM pg_catalog.pg_last_wal_receive_lsn() AS received
"""
"""A standby that has applied all it got is not behind, however long ago that was."""
_OF_PRIMARY = """
SELECT pg_catalog.count(*) AS standbys, pg_catalog.count(state) AS shown,
    pg_catalog.date_part('epoch', pg_catalog.max(replay_lag)) AS seconds
FROM pg_catalog.pg_stat_replication WHERE state IS DISTINCT FROM 'backup'
"""
"""What a user may not see is null there, as is the lag of a standby that is not behind."""


async def replica_lag(connection: asyncpg.Connection) -> float:
    """Seconds that the furthest is behind of Aurora's readers, this standby itself, or a primary's standbys.

    Ask on a connection without a transaction. SourceError where it cannot be told.
    """
    (kind,) = await connection.fetch(_KIND)
    if kind["is_aurora"]:
        return _seconds(await connection.fetchval(_OF_AURORA))
    if kind["is_standby"]:
        (row,) = await connection.fetch(_OF_STANDBY)
        if not row["streams"]:
            raise SourceError("this standby gets its changes from an archive, which does not say how many")
        return _seconds(row["seconds"])
    (row,) = await connection.fetch(_OF_PRIMARY)
    if row["shown"] < row["standbys"]:
        raise SourceError(
            "this user may not see it; have an administrator GRANT pg_read_all_stats (or pg_monitor) TO it"
        )
    return _seconds(row["seconds"])


def _seconds(seconds: float | None) -> float:
    return float(seconds or 0)
