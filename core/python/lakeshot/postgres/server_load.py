"""What is read of a database, by the server's own counters, which count everybody's work.

https://www.postgresql.org/docs/current/monitoring-stats.html
"""

import asyncpg

from lakeshot.model import Model

_OF_DATABASE = """
SELECT blks_read AS pages_read, blks_hit AS pages_cached, tup_returned AS rows, blk_read_time AS wait_ms,
    pg_catalog.current_setting('track_io_timing')::pg_catalog.bool AS is_timed,
    pg_catalog.format('%s %s %s', pg_catalog.inet_server_addr(), pg_catalog.pg_postmaster_start_time(),
        stats_reset) AS counter
FROM pg_catalog.pg_stat_database WHERE datname = pg_catalog.current_database()
"""


class ServerLoad(Model):
    """Counters at one time, all of which only grow as long as ``counter`` is the same.

    Of the whole database: pages that were not and that were in the server's cache, rows that scans met, and
    milliseconds waited for pages, if that ``is_timed``.
    """

    counter: str
    pages_read: int
    pages_cached: int
    rows: int
    wait_ms: float
    is_timed: bool


async def server_load(connection: asyncpg.Connection) -> ServerLoad:
    """The counters as they are now. In a transaction they would stay what they were at first."""
    (database,) = await connection.fetch(_OF_DATABASE)
    return ServerLoad(**dict(database))


def load_words(before: ServerLoad, after: ServerLoad) -> str:
    """What was read between two looks, for people."""
    if before.counter != after.counter:
        return "the database's counters began anew meanwhile, or another server answered"
    missed = after.pages_read - before.pages_read
    looked = missed + after.pages_cached - before.pages_cached
    seconds = (after.wait_ms - before.wait_ms) / 1000
    waited = f", which took {seconds:,.1f} s" if after.is_timed else ""
    share = 100 * missed / looked if looked else 0
    return (
        f"of the whole database {looked:,} pages were read meanwhile by all sessions together ({share:.0f} % "
        f"not from the server's cache{waited}) and {after.rows - before.rows:,} rows"
    )
