"""What the server would do for a query, and what it would call, read from its plan."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import asyncpg

from lakeshot.lake.sql import identifier

_NAME = r'"(?:[^"]|"")+"|[^\W\d][\w$]*'
_TOKEN = re.compile(rf"'(?:[^']|'')*'|(?:(?P<schema>{_NAME})\.)?(?P<name>{_NAME})(?P<is_call>\()?")
"""A text, or a name as a whole: either may hold what looks like the other."""
_VOLATILE = """
SELECT DISTINCT n.nspname::text AS schema, p.proname::text AS name, (
        SELECT e.extname::text FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
            AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
    ) AS extension
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS called (schema, name)
    ON called.schema = n.nspname AND called.name = p.proname
WHERE p.provolatile = 'v' ORDER BY 1, 2
"""
_KEPT = "lakeshot kept"
"""Nobody else's name for a subquery."""

Step = Mapping[str, object]


@dataclass(frozen=True)
class Name:
    """A name as the plan spells it, quotes included; ``schema`` may also be a table, if it is no call."""

    schema: str | None
    name: str
    is_call: bool


@dataclass(frozen=True)
class Volatile:
    """A function declared VOLATILE, as they are if nothing is declared."""

    schema: str
    name: str
    extension: str | None

    def __str__(self) -> str:
        return f"{self.name}()" if self.schema == "pg_catalog" else f"{self.schema}.{self.name}()"


async def plan(connection: asyncpg.Connection, sql: str) -> tuple[Step, ...]:
    """The steps of a query's plan, those of views included. Nothing volatile is called for it."""
    planned = await connection.fetchval(f"EXPLAIN (VERBOSE, COSTS off, FORMAT json) {sql}")
    return tuple(_steps(json.loads(planned)[0]["Plan"]))


def names(steps: Iterable[Step]) -> Iterator[Name]:
    """All names in the steps' expressions."""
    for text in (text for step in steps for text in _texts(step)):
        for token in _TOKEN.finditer(text):
            if token["name"]:
                yield Name(token["schema"], token["name"], bool(token["is_call"]))


async def volatile_functions(connection: asyncpg.Connection, steps: Iterable[Step]) -> tuple[Volatile, ...]:
    """The volatile functions that the steps call; of several with one name, any that is volatile counts.

    A plan does not show what it calls in VALUES of several rows, in LIMIT, by operators and casts.
    """
    called = {(each.schema or "pg_catalog", each.name) for each in names(steps) if each.is_call}
    schemas, functions = [[_unquoted(pair[place]) for pair in called] for place in (0, 1)]
    rows = await connection.fetch(_VOLATILE, schemas, functions)
    return tuple(Volatile(**dict(row)) for row in rows)


async def is_volatile(connection: asyncpg.Connection, relation: str, expression: str) -> bool:
    """Whether the planner keeps an expression on rows of the relation from being computed more than once.

    Subqueries in the expression count as well, and whatever a plan does not show.
    """
    kept = f"(SELECT (\n{expression}\n) AS k FROM {relation}) AS {identifier(_KEPT)}"  # noqa: S608
    steps = await plan(connection, f"SELECT FROM {kept} WHERE k IS NOT NULL")
    return steps[0]["Node Type"] == "Subquery Scan" and steps[0]["Alias"] == _KEPT


def _steps(planned: dict[str, object]) -> Iterator[Step]:
    yield {name: value for name, value in planned.items() if name != "Plans"}
    inner = planned.get("Plans")
    for one in inner if isinstance(inner, list) else ():
        yield from _steps(one)


def _texts(step: Step) -> Iterator[str]:
    for value in step.values():
        for text in value if isinstance(value, list) else (value,):
            if isinstance(text, str):
                yield text


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
