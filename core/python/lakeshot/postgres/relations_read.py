"""Which relations a transaction reads, by their oids: they are to be the same for all parts of a run.

A name may lead to another table in a moment: a schema is renamed, a partition attached, without a lock that
readers hold being in the way. What a transaction has read shows in its locks, which it keeps to its end.
"""

from collections.abc import Collection, Iterable, Sequence

import asyncpg

from lakeshot.errors import SourceError
from lakeshot.model import Model
from lakeshot.postgres.custom_select import check_split_by, check_where, select_facts, select_relation
from lakeshot.postgres.source import PostgresSource
from lakeshot.postgres.table_locks import Connect, lock_by_reading, watched
from lakeshot.postgres.tid_ranges import relation_named

_LOCKED = """
SELECT DISTINCT l.relation::int8 AS oid,
    CASE WHEN c.oid IS NOT NULL THEN pg_catalog.format('%I.%I', n.nspname, c.relname)
        ELSE l.relation::pg_catalog.regclass::text END AS name,
    c.relkind IS NOT DISTINCT FROM 'f' AS is_foreign,
    EXISTS (
        SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.objid = l.relation AND d.deptype = 'e'
    ) AS is_extensions,
    c.oid IS NULL OR (
        c.relkind IN ('r', 'm') AND c.relfilenode <> 0
        AND pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode
    ) AS is_later
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.relation >= 16384
    AND CASE WHEN c.oid IS NOT NULL THEN c.relkind IN ('r', 'm', 'f', 'v')
        ELSE pg_catalog.pg_index_has_property(l.relation::pg_catalog.regclass, 'clusterable') IS NULL END
ORDER BY 2
"""
"""Views and what holds rows, of users. The functions look at the present, all else at the snapshot: what it
does not know, or whose file is another one now, is of later. An index that came later is no harm."""
_MOST_SHOWN = 5


class LockedRelation(Model):
    """A relation that a transaction has locked.

    ``is_extensions`` says that it belongs to an extension, whose functions may look things up in it, and
    ``is_later`` that it was made or rewritten after the transaction's snapshot, which shows it empty.
    """

    oid: int
    name: str
    is_foreign: bool
    is_extensions: bool
    is_later: bool


async def locked_relations(connection: asyncpg.Connection) -> tuple[LockedRelation, ...]:
    """All that this transaction has locked so far, without partitioned tables, which hold no rows."""
    return tuple(LockedRelation(**dict(row)) for row in await connection.fetch(_LOCKED))


async def check_no_others(connection: asyncpg.Connection, relations: Collection[int]) -> None:
    """Raise SourceError if this transaction has read anything but these relations."""
    locked = await locked_relations(connection)
    others = [each for each in locked if each.oid not in relations and not each.is_extensions]
    if others:
        raise SourceError(
            f"{shown(each.name for each in others)} was read but not locked when the snapshot was taken: a "
            "table, schema or partition was renamed or attached since, so that parts would be of different "
            "tables; run again. If a function reads it, have 'select' or 'where' name that table, too"
        )


async def read_by(connection: asyncpg.Connection, source: PostgresSource, connect: Connect) -> frozenset[int]:
    """The relations that a source reads now, of which no lock is kept; within a transaction."""
    await connection.execute("SAVEPOINT reading")
    await lock_by_planning(connection, source, connect)
    relations = frozenset(each.oid for each in await locked_relations(connection))
    await connection.execute("ROLLBACK TO SAVEPOINT reading")
    return relations


async def lock_by_planning(connection: asyncpg.Connection, source: PostgresSource, connect: Connect) -> None:
    """Lock all that a source reads, as its readers will; no row is read.

    SourceError if its SQL is refused, or somebody holds a lock, whom a session of ``connect`` looks up.
    """
    await watched(connection, _planned(connection, source), _name(source), connect)


async def _planned(connection: asyncpg.Connection, source: PostgresSource) -> None:
    if source.select is not None:
        await select_facts(connection, source.select)
        relation = select_relation(source.select)
    else:
        relation = relation_named(source.db_schema, source.table or "")
        await lock_by_reading(connection, relation)
    if source.where is not None:
        await check_where(connection, relation, source.where)
        await lock_by_reading(connection, f"{relation} WHERE (\n{source.where}\n)")
    if source.split_by is not None:
        await check_split_by(connection, relation, source.split_by)
        await lock_by_reading(connection, f"{relation} WHERE (\n{source.split_by}\n) IS NULL")


def _name(source: PostgresSource) -> str:
    if source.select is not None:
        return "the tables of 'select'"
    return relation_named(source.db_schema, source.table or "").partition(" AS ")[0]


def shown(names: Iterable[str]) -> str:
    """Some names, and how many more there are."""
    given: Sequence[str] = sorted(names)
    more = f" and {len(given) - _MOST_SHOWN} more" if len(given) > _MOST_SHOWN else ""
    return f"{', '.join(given[:_MOST_SHOWN])}{more}"
