"""Locks what a run reads and takes the snapshot it reads, in this order, on one connection."""

from collections.abc import Sequence

import asyncpg

from lakeshot.errors import SourceError
from lakeshot.postgres.custom_select import select_facts
from lakeshot.postgres.find_relation import Relation, find_relation
from lakeshot.postgres.privileges import check_privileges
from lakeshot.postgres.snapshot import BEGIN, Snapshot, adopt, take
from lakeshot.postgres.source import PostgresSource
from lakeshot.postgres.table_locks import Connect, lock, lock_by_reading, lockable, rewritten, watched
from lakeshot.postgres.tid_ranges import relation_named

MOST_TRIES = 5


async def hold(
    connection: asyncpg.Connection,
    sources: Sequence[PostgresSource],
    connect: Connect,
    *,
    shared: bool,
    adopted: Snapshot | None,
) -> Snapshot:
    """The snapshot of a transaction that this begins, in which no source can be rewritten any more.

    ``adopted`` is one that somebody else holds, which this transaction then holds too. SourceError or
    PermissionDeniedError if a source is not there, may not be read, or stays locked by others, whom a
    session of ``connect`` looks up.
    """
    relations = [await _found(connection, source) for source in sources if source.table is not None]
    by_lock = await lockable(connection, relations)
    changed: list[str] = []
    for _ in range(MOST_TRIES):
        await connection.execute(BEGIN)
        await lock(connection, by_lock, connect)
        if adopted is not None:
            await adopt(connection, adopted)
        snapshot = await take(connection, shared=shared)
        for each in relations:
            if each not in by_lock:
                named = relation_named(each.schema_name, each.name)
                await watched(connection, lock_by_reading(connection, named), named, connect)
        for source in sources:
            if source.select is not None:
                trying = select_facts(connection, source.select)
                await watched(connection, trying, "the tables of 'select'", connect)
        if not (changed := await rewritten(connection)):
            return snapshot if adopted is None else _of_its_moment(snapshot, adopted)
        await connection.execute("ROLLBACK")
    raise SourceError(
        f"{', '.join(changed)} was rewritten each time before it could be locked; run again when what does "
        "so has ended, such as TRUNCATE or REFRESH MATERIALIZED VIEW"
    )


async def _found(connection: asyncpg.Connection, source: PostgresSource) -> Relation:
    relation = await find_relation(connection, source.db_schema, source.table or "")
    await check_privileges(connection, relation, source.columns)
    return relation


def _of_its_moment(snapshot: Snapshot, adopted: Snapshot) -> Snapshot:
    return snapshot.model_copy(update={"taken_at": adopted.taken_at})
