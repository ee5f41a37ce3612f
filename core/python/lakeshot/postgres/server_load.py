"""What reading costs a server, by its own counters, which count everybody's work.

https://www.postgresql.org/docs/current/monitoring-stats.html
"""

import asyncpg

from lakeshot.model import Model
from lakeshot.postgres.source import PostgresSource

_OF_DATABASE = """
SELECT blks_read AS pages_read, blks_hit AS pages_cached, tup_returned AS rows, blk_read_time AS wait_ms,
    pg_catalog.current_setting('track_io_timing')::pg_catalog.bool AS is_timed,
    pg_catalog.format('%s %s %s', pg_catalog.inet_server_addr(), pg_catalog.pg_postmaster_start_time(),
        stats_reset) AS counter
FROM pg_catalog.pg_stat_database WHERE datname = pg_catalog.current_database()
"""
_LEAVES = """
WITH RECURSIVE tree AS (
    SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1::text AND c.relname = $2::text
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
)
SELECT pg_catalog.array_agg(c.oid::int8) AS leaves, pg_catalog.sum(
    pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int8
)::int8 AS pages
FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid WHERE c.relkind IN ('r', 'm')
"""
_OF_LEAVES = """
SELECT coalesce(pg_catalog.sum(heap_blks_read), 0)::int8 AS leaf_pages_read,
    coalesce(pg_catalog.sum(heap_blks_hit), 0)::int8 AS leaf_pages_cached
FROM pg_catalog.pg_statio_all_tables WHERE relid = ANY($1::pg_catalog.oid[])
"""


class Heap(Model):
    """The relations that a table's rows lie in, and how many pages they have; none of a view or a query."""

    leaves: tuple[int, ...] = ()
    pages: int = 0


class ServerLoad(Model):
    """Counters at one time, all of which only grow as long as ``counter`` is the same.

    Of the whole database: pages that were not and that were in the server's cache, rows that scans met, and
    milliseconds waited for pages, if that ``is_timed``. Of the leaves' heaps: the same pages.
    """

    counter: str
    pages_read: int
    pages_cached: int
    rows: int
    wait_ms: float
    is_timed: bool
    leaf_pages_read: int
    leaf_pages_cached: int

    @property
    def leaf_pages(self) -> int:
        """Pages of the leaves' heaps that were looked at."""
        return self.leaf_pages_read + self.leaf_pages_cached


async def heap_of(connection: asyncpg.Connection, source: PostgresSource) -> Heap:
    """Where the rows of what an export reads lie."""
    if source.table is None:
        return Heap()
    (row,) = await connection.fetch(_LEAVES, source.db_schema, source.table)
    return Heap(leaves=tuple(row["leaves"] or ()), pages=row["pages"] or 0)


async def server_load(connection: asyncpg.Connection, heap: Heap) -> ServerLoad:
    """The counters as they are now. In a transaction they would stay what they were at first."""
    (database,) = await connection.fetch(_OF_DATABASE)
    (leaves,) = await connection.fetch(_OF_LEAVES, list(heap.leaves))
    return ServerLoad(**dict(database), **dict(leaves))


def load_words(heap: Heap, before: ServerLoad, after: ServerLoad) -> str:
    """What was read between two looks, for people."""
    if before.counter != after.counter:
        return "the database's counters began anew meanwhile, or another server answered"
    told = []
    if heap.pages:
        looked = after.leaf_pages - before.leaf_pages
        missed = after.leaf_pages_read - before.leaf_pages_read
        told.append(
            f"the table was read {looked / heap.pages:,.1f} times by all sessions together "
            f"({heap.pages:,} pages, {_share(missed, looked)} not from the server's cache)"
        )
    missed = after.pages_read - before.pages_read
    looked = missed + after.pages_cached - before.pages_cached
    seconds = (after.wait_ms - before.wait_ms) / 1000
    waited = f", which took {seconds:,.1f} s" if after.is_timed else ""
    told.append(
        f"of the whole database {looked:,} pages were read meanwhile ({_share(missed, looked)} not from the "
        f"cache{waited}) and {after.rows - before.rows:,} rows"
    )
    return "; ".join(told)


def _share(some: int, of: int) -> str:
    return f"{100 * some / of:.0f} %" if of else "0 %"
