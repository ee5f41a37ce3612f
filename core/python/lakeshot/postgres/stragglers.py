"""Calls that still write to S3 although whoever made them is gone."""

import asyncio
import logging

import asyncpg

from lakeshot.errors import SourceError

log = logging.getLogger(__name__)

END_SECONDS = 60.0
_TRY_EVERY_SECONDS = 0.5
_STRAGGLERS = """
SELECT pid, pg_catalog.pg_terminate_backend(pid) AS was_told
FROM pg_catalog.pg_stat_activity
WHERE usename = current_user AND pid <> pg_catalog.pg_backend_pid() AND state = 'active'
    AND application_name = pg_catalog.current_setting('application_name')
    AND pg_catalog.strpos(query, 'aws_s3.query_export_to_s3') > 0
"""
"""A server takes some time to see that its client is gone, and goes on until then."""
_LOOK_ANEW = "SELECT pg_catalog.pg_stat_clear_snapshot()"
"""Within a transaction, who is active is shown as it was at the first look."""


async def end_stragglers(connection: asyncpg.Connection, *, seconds: float = END_SECONDS) -> None:
    """End what other sessions of this name still write; to be asked once all readers are done.

    Their files would come after the commit, into a snapshot that was counted without them. SourceError if
    one has not ended after so many seconds.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while found := await _told_to_end(connection):
        pids = ", ".join(str(row["pid"]) for row in found)
        log.warning("ending calls that a reader left behind, of the processes %s", pids)
        if loop.time() > until:
            raise SourceError(
                f"the database still writes files for readers that are gone, by its processes {pids}, and "
                "does not end them; nothing was made visible. Have an administrator end them with "
                "pg_terminate_backend, then run again"
            )
        await asyncio.sleep(_TRY_EVERY_SECONDS)


async def _told_to_end(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    await connection.execute(_LOOK_ANEW)
    return await connection.fetch(_STRAGGLERS)
