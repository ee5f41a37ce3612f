"""How often readers have read a table, by what the server counts for each of their transactions.

https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-FUNCTIONS
"""

from collections.abc import Collection

import asyncpg

from lakeshot.driver.pages_read import PagesRead
from lakeshot.postgres.cutting import Cut

_OF_TRANSACTION = """
SELECT coalesce(pg_catalog.sum(pg_catalog.pg_stat_get_xact_blocks_fetched(leaf)), 0)::int8 AS looked,
    coalesce(pg_catalog.sum(pg_catalog.pg_stat_get_xact_blocks_hit(leaf)), 0)::int8 AS cached
FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS leaf
"""


async def pages_read(connection: asyncpg.Connection, leaves: Collection[int]) -> PagesRead:
    """What this transaction has read so far of the heaps with these oids, by an index or without one."""
    (row,) = await connection.fetch(_OF_TRANSACTION, list(leaves))
    return PagesRead(**dict(row))


def pages_words(cut: Cut, read: PagesRead) -> list[str]:
    """What the readers of a run have read of its table, for people; nothing of a view, a query or no rows."""
    if not cut.pages:
        return []
    least = "" if read.is_all else "at least "
    missed = (read.looked - read.cached) / read.looked if read.looked else 0
    times = f"{least}{read.looked / cut.pages:,.1f} times"
    cached = f"({100 * missed:.0f} % not from the server's cache)"
    return [f"its readers read the table's {cut.pages:,} pages {times} {cached}"]
