"""Locks what a run reads and takes the snapshot it reads, in this order, on one connection."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import asyncpg

from lakeshot.errors import SourceError
from lakeshot.postgres.find_relation import Relation, find_relation
from lakeshot.postgres.privileges import check_privileges
from lakeshot.postgres.relations_read import (
    LockedRelation,
    lock_by_planning,
    locked_relations,
    read_by,
    shown,
)
from lakeshot.postgres.snapshot import BEGIN, Snapshot, adopt, clock, take
from lakeshot.postgres.source import PostgresSource
from lakeshot.postgres.table_locks import Connect, lock, lockable

MOST_TRIES = 5


@dataclass(frozen=True)
class Holding:
    """The snapshot that is held, and the relations that each source reads, all of which are locked."""

    snapshot: Snapshot
    by_source: tuple[tuple[PostgresSource, tuple[LockedRelation, ...]], ...]

    def read_by(self, source: PostgresSource) -> tuple[LockedRelation, ...]:
        """What one of the sources reads."""
        return next(relations for other, relations in self.by_source if other == source)


async def hold(
    connection: asyncpg.Connection,
    sources: Sequence[PostgresSource],
    connect: Connect,
    *,
    shared: bool,
    adopted: Snapshot | None,
) -> Holding:
    """Begin a transaction in whose snapshot no source can be rewritten or replaced any more.

    ``adopted`` is a snapshot that somebody else holds, which this transaction then holds too. SourceError or
    PermissionDeniedError if a source is not there, may not be read, or stays locked by others, whom a
    session of ``connect`` looks up.
    """
    changed: list[str] = []
    before: Collection[int] = ()
    for _ in range(MOST_TRIES):
        tables = [await _found(connection, source) for source in sources if source.table is not None]
        by_lock = await lockable(connection, tables)
        wanted = await _read_by_each(connection, sources, connect)
        read = frozenset[int]().union(*wanted)
        now = await clock(connection)
        await connection.execute(BEGIN)
        await lock(connection, by_lock, connect)
        if adopted is not None:
            await adopt(connection, adopted)
        snapshot = await take(connection, shared=shared, taken_at=adopted.taken_at if adopted else now)
        for source in sources:
            await lock_by_planning(connection, source, connect)
        locked = {each.oid: each for each in await locked_relations(connection)}
        changed = [each.name for each in locked.values() if each.is_later]
        missed, more = read.difference(locked), locked.keys() - read
        if not changed and not missed and (not more or more == before):
            reads = [tuple(locked[oid] for oid in sorted(oids)) for oids in wanted]
            return Holding(snapshot, tuple(zip(sources, reads, strict=True)))
        before = more  # LOCK TABLE locks a partition that is being detached, which nobody reads, each time
        await connection.execute("ROLLBACK")
    what = shown(changed) if changed else "what is read"
    raise SourceError(
        f"{what} was rewritten or replaced each time before it could be locked; run again when what does so "
        "has ended, such as TRUNCATE, REFRESH MATERIALIZED VIEW, or a table put in the place of another"
    )


async def _read_by_each(
    connection: asyncpg.Connection, sources: Sequence[PostgresSource], connect: Connect
) -> list[frozenset[int]]:
    """What each source reads now. It waits for others' locks, so that the snapshot is taken soon after."""
    await connection.execute("BEGIN READ ONLY")
    read = [await read_by(connection, source, connect) for source in sources]
    await connection.execute("ROLLBACK")
    return read


async def _found(connection: asyncpg.Connection, source: PostgresSource) -> Relation:
    relation = await find_relation(connection, source.db_schema, source.table or "")
    await check_privileges(connection, relation, source.columns)
    return relation
