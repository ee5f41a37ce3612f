"""Cuts what a key orders into ranges that hold each row exactly once, whatever the statistics say.

The bounds only decide how even the ranges are. They are in the order that the ranges' own comparisons use:
by the key's type and collation, as the server computes it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from lakeshot.lake.sql import literal
from lakeshot.postgres import catalog_sql
from lakeshot.postgres.table_facts import Leaf

PAGES_PER_RANGE = 30
ROWS_PER_RANGE = 1_000
"""Of a sample: enough that ranges differ little."""
FEWEST_PAGES, MOST_PAGES = 300, 30_000

_QUANTILES = """
SELECT pg_catalog.format('%s', k) AS bound FROM (
    SELECT k, pg_catalog.row_number() OVER (ORDER BY k) AS r, pg_catalog.count(*) OVER () AS c
    FROM ({sample}) AS s WHERE k IS DISTINCT FROM NULL
) AS ordered
WHERE r * $1::int8 / c <> (r - 1) * $1::int8 / c AND r < c
ORDER BY r
"""


@dataclass(frozen=True)
class Key:
    """What rows are ordered by: SQL on a relation, and how values of its type are written and compared."""

    sql: str
    type_name: str
    is_array: bool
    less: str
    at_least: str
    nullable: bool


async def key_of(connection: asyncpg.Connection, relation: str, sql: str, *, nullable: bool) -> Key:
    """The key that an expression is, tried out before."""
    statement = await connection.prepare(f"SELECT (\n{sql}\n) FROM {relation}")  # noqa: S608
    (row,) = await connection.fetch(catalog_sql.ORDER, statement.get_attributes()[0].type.oid)
    return Key(
        sql=f"(\n{sql}\n)",
        type_name=row["type_name"],
        is_array=row["is_array"],
        less=row["less"] or "<",
        at_least=row["at_least"] or ">=",
        nullable=nullable,
    )


def key_conditions(key: Key, bounds: Sequence[str]) -> list[tuple[str, ...]]:
    """One condition per range: half-open, the first and the last without end; nulls last, if there may be.

    Not IS NULL, which is also true of rows whose every field is null and which have their place in the order.
    """
    values = [f"{literal(bound)}::{key.type_name}" for bound in dict.fromkeys(bounds)]
    starts = ["", *(f"{key.sql} {key.at_least} {value}" for value in values)]
    ends = [*(f"{key.sql} {key.less} {value}" for value in values), ""]
    ranges = [tuple(filter(None, pair)) for pair in zip(starts, ends, strict=True)]
    if not key.nullable:
        return ranges
    if not values:
        return [()]
    return [*ranges, (f"{key.sql} IS NOT DISTINCT FROM NULL",)]


async def histogram_bounds(
    connection: asyncpg.Connection, leaf: Leaf, key: Key, *, relation: str, column: str, count: int
) -> list[str] | None:
    """Bounds from the statistics of a column, None if they are too coarse, too old or not there."""
    known = await connection.fetchval(catalog_sql.HISTOGRAM, leaf.oid, column, leaf.pages)
    if key.is_array or known is None or known <= count:
        return None
    stored = (
        f"SELECT pg_catalog.unnest(histogram_bounds::pg_catalog.text::{key.type_name}[]) AS k "  # noqa: S608
        f"FROM pg_catalog.pg_stats WHERE schemaname = {literal(leaf.schema_name)} "
        f"AND tablename = {literal(leaf.name)} AND attname = {literal(column)} AND NOT inherited"
    )
    # The empty half gives the order its collation.
    sample = f"SELECT {key.sql} AS k FROM {relation} WHERE false UNION ALL {stored}"  # noqa: S608
    return await _quantiles(connection, sample, count)


async def sampled_pages_bounds(
    connection: asyncpg.Connection,
    key: Key,
    *,
    relation: str,
    where: Sequence[str],
    count: int,
    pages: int,
) -> list[str]:
    """Bounds from the rows of some pages of a table."""
    wanted = min(max(FEWEST_PAGES, PAGES_PER_RANGE * count), MOST_PAGES)
    percent = min(100.0, 100.0 * wanted / max(pages, 1))
    sampled = f"{relation} TABLESAMPLE SYSTEM ({percent:.6f}) REPEATABLE (0)"
    return await _quantiles(connection, _select(key, sampled, where), count)


async def sampled_rows_bounds(
    connection: asyncpg.Connection, key: Key, *, relation: str, where: Sequence[str], count: int
) -> list[str]:
    """Bounds from some rows of what has no pages, such as a view, which is computed once for that."""
    plan = await connection.fetchval(f"EXPLAIN (FORMAT json) {_select(key, relation, where)}")
    share = min(1.0, ROWS_PER_RANGE * count / max(_planned_rows(plan), 1.0))
    chance = (f"pg_catalog.random() < {share:.9f}",) if share < 1 else ()
    return await _quantiles(connection, _select(key, relation, (*where, *chance)), count)


def _select(key: Key, relation: str, where: Sequence[str]) -> str:
    fulfil = " AND ".join(f"({condition}\n)" for condition in where)
    return f"SELECT {key.sql} AS k FROM {relation}" + (f" WHERE {fulfil}" if fulfil else "")  # noqa: S608


def _planned_rows(plan: str) -> float:
    return float(json.loads(plan)[0]["Plan"]["Plan Rows"])


async def _quantiles(connection: asyncpg.Connection, sample: str, count: int) -> list[str]:
    return [row["bound"] for row in await connection.fetch(_QUANTILES.format(sample=sample), count)]
