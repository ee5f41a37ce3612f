"""Decides how what is exported is cut into parts, inside the transaction whose snapshot all of them share."""

from datetime import datetime

import asyncpg

from lakeshot.model import Model
from lakeshot.postgres.bounds import key_conditions, key_of, sampled_rows_bounds
from lakeshot.postgres.custom_select import check_split_by, check_where, select_facts, select_relation
from lakeshot.postgres.moment_sql import at_moment
from lakeshot.postgres.parts import QueryPart
from lakeshot.postgres.repeatable import check_same_for_all_parts
from lakeshot.postgres.source import PostgresSource
from lakeshot.postgres.table_cutter import TableCutter, counted
from lakeshot.postgres.table_facts import TableColumn, table_facts
from lakeshot.postgres.table_locks import lock_by_reading
from lakeshot.postgres.tid_ranges import Slice, relation_named


class Cut(Model):
    """What is read, and by which parts, the largest first.

    Each row is in exactly one part. ``held`` are relations, as after FROM, that every reader locks before
    it begins, and ``relations`` the oids of all that parts may read. ``leaves`` are the oids of what the
    snapshot has the table's rows in, and ``pages`` how many these have. ``how`` says in words how the parts
    were cut. ``primary_key`` and ``estimated_rows`` are those of the table, empty and None where there is
    none. ``foreign`` names what is read from other servers, of which no snapshot of this one is.
    """

    columns: tuple[TableColumn, ...]
    parts: tuple[QueryPart, ...]
    how: str
    held: tuple[str, ...]
    relations: tuple[int, ...] = ()
    leaves: tuple[int, ...] = ()
    pages: int = 0
    foreign: tuple[str, ...] = ()
    primary_key: tuple[str, ...] = ()
    estimated_rows: int | None = None
    bytes: int = 0


async def cut(
    connection: asyncpg.Connection, source: PostgresSource, *, moment: datetime, readers: int
) -> Cut:
    """The parts of what an export reads, for so many readers; ``moment`` is what ``now()`` means in its SQL.

    SourceError or PermissionDeniedError if there is no such thing, it may not be read, or the server
    refuses the SQL that is configured.
    """
    split_by = at_moment(source.split_by, moment) if source.split_by is not None else None
    if source.select is not None:
        return await _cut_select(connection, source.select, moment, split_by, readers)
    facts = await table_facts(connection, source.db_schema, source.table or "", source.columns)
    where = (at_moment(source.where, moment),) if source.where is not None else ()
    relation = relation_named(facts.schema_name, facts.name)
    for condition in where:
        await check_where(connection, relation, condition)
        if facts.relkind != "v":
            await check_same_for_all_parts(connection, relation, (), condition, None, is_table=True)
    slices, how = await TableCutter(connection, facts, where, readers).cut(split_by)
    return Cut(
        columns=facts.columns,
        parts=_numbered(slices),
        how=how,
        held=_held(slices),
        leaves=tuple(leaf.oid for leaf in facts.leaves),
        pages=sum(leaf.pages for leaf in facts.leaves),
        primary_key=facts.primary_key,
        estimated_rows=facts.estimated_rows,
        bytes=sum(leaf.bytes for leaf in facts.leaves),
    )


async def _cut_select(
    connection: asyncpg.Connection, select: str, moment: datetime, split_by: str | None, readers: int
) -> Cut:
    columns = await select_facts(connection, select)
    names = [column.name for column in columns]
    relation = select_relation(at_moment(select, moment), names)
    await lock_by_reading(connection, relation)
    slices, how = [Slice(relation, (), 0)], "one part, because 'select' has no 'split_by'"
    if split_by is not None:
        await check_split_by(connection, relation, split_by)
        await check_same_for_all_parts(connection, relation, names, None, split_by, is_table=False)
        key = await key_of(connection, relation, split_by, nullable=True)
        bounds = await sampled_rows_bounds(connection, key, relation=relation, where=(), count=readers)
        slices = [Slice(relation, conditions, 0) for conditions in key_conditions(key, bounds)]
        how = f"{counted(len(slices), 'range')} of 'split_by', by a sample"
    return Cut(columns=columns, parts=_numbered(slices), how=how, held=_held(slices))


def _held(slices: list[Slice]) -> tuple[str, ...]:
    """What all parts together read. Their conditions may name more tables, the same ones in all of them."""
    relations = dict.fromkeys(one.relation for one in slices)
    conditions = [" AND ".join(f"({each}\n)" for each in one.conditions) for one in slices[-1:]]
    return (*relations, *(f"{slices[-1].relation} WHERE {each}" for each in conditions if each))


def _numbered(slices: list[Slice]) -> tuple[QueryPart, ...]:
    by_size = sorted(slices, key=lambda one: -one.bytes)
    return tuple(
        QueryPart(number=number, relation=one.relation, conditions=one.conditions, bytes=one.bytes)
        for number, one in enumerate(by_size)
    )
