"""What an export reads: whether it is there and may be read, whether it is free, and how it would be cut."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from lakeshot.doctor.checklist import Finding
from lakeshot.errors import SourceError
from lakeshot.lake.sql import qualified
from lakeshot.postgres import catalog_sql
from lakeshot.postgres.column_types import read_columns, untyped
from lakeshot.postgres.custom_select import select_facts, select_relation
from lakeshot.postgres.cutting import cut
from lakeshot.postgres.find_relation import check_columns, find_relation
from lakeshot.postgres.moment_sql import at_moment
from lakeshot.postgres.privileges import check_privileges
from lakeshot.postgres.source import PostgresSource
from lakeshot.postgres.table_facts import TableColumn
from lakeshot.postgres.table_locks import Connect, lock, lock_by_reading, lockable, watched

_KINDS = {
    "r": "table",
    "p": "partitioned table",
    "m": "materialized view",
    "f": "foreign table",
    "v": "view",
}
_MOST_SHOWN = 5


async def is_readable(connection: asyncpg.Connection, source: PostgresSource, connect: Connect) -> Finding:
    """The table, or what the select makes, with its columns. Only a select waits for locks."""
    if source.select is not None:
        columns = await _selected(connection, source.select, connect)
        return _finding("'select' is accepted", columns)
    relation = await find_relation(connection, source.db_schema, source.table or "")
    rows = await connection.fetch(catalog_sql.COLUMNS, relation.oid)
    check_columns(relation, [row["name"] for row in rows], source.columns)
    columns = tuple(
        TableColumn(**dict(row)) for row in rows if not source.columns or row["name"] in source.columns
    )
    await check_privileges(connection, relation, {column.name for column in columns})
    return _finding(f"{source.name} ({_KINDS[relation.relkind]}) may be read", columns)


async def _selected(connection: asyncpg.Connection, select: str, connect: Connect) -> tuple[TableColumn, ...]:
    async def tried() -> tuple[TableColumn, ...]:
        try:
            return await select_facts(connection, select)
        except SourceError as error:
            if isinstance(error.__cause__, asyncpg.LockNotAvailableError):
                raise error.__cause__ from None  # who is in the way is told by whoever waits
            raise

    trying = asyncio.ensure_future(tried())
    await watched(connection, trying, "the tables of 'select'", connect)
    return trying.result()


def _finding(said: str, columns: Sequence[TableColumn]) -> Finding:
    read_columns(columns)
    said += f", {len(columns)} {'column' if len(columns) == 1 else 'columns'}"
    unknown = [f"{column.name} ({column.type_name})" for column in untyped(columns)]
    if not unknown:
        return Finding(said)
    more = f" and {len(unknown) - _MOST_SHOWN} more" if len(unknown) > _MOST_SHOWN else ""
    return Finding(
        f"{said}; as text, because their types are not known: {', '.join(unknown[:_MOST_SHOWN])}{more}"
    )


async def is_lockable(
    connection: asyncpg.Connection, source: PostgresSource, moment: datetime, connect: Connect
) -> Finding:
    """The locks that reading takes can be had; they go with the transaction."""
    if source.select is not None:
        relation = select_relation(at_moment(source.select, moment))
        await watched(connection, lock_by_reading(connection, relation), "the tables of 'select'", connect)
    else:
        found = await find_relation(connection, source.db_schema, source.table or "")
        by_lock = await lockable(connection, [found])
        await lock(connection, by_lock, connect)
        if not by_lock:
            name = qualified(found.schema_name, found.name)
            await watched(connection, lock_by_reading(connection, name), name, connect)
    return Finding("granted; only ALTER TABLE, TRUNCATE and their like wait for a run, and a run for them")


async def how_it_is_cut(
    connection: asyncpg.Connection, source: PostgresSource, moment: datetime, readers: int
) -> Finding:
    """The parts that a run would read, without reading them; ``where`` and ``split_by`` are tried out."""
    made = await cut(connection, source, moment=moment, readers=readers)
    size = [f"{made.bytes / 1e6:,.1f} MB"] if made.bytes else []
    rows = [f"about {made.estimated_rows:,} rows"] if made.estimated_rows is not None else []
    readers = min(readers, len(made.parts))
    by = "one reader" if readers == 1 else f"{readers} readers"
    return Finding(f"read as {made.how}: {', '.join([*size, *rows, f'by {by}'])}")
