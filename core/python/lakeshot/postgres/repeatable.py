"""Whether a query has the same rows each time, as parts of it need: each part computes it anew.

The plan tells, views and all: which steps pick rows that another time may be others, and what is called.
"""

import json
import re
from collections.abc import Iterator, Mapping

import asyncpg

from lakeshot.errors import SourceError

_PICKS = {
    "Limit": "LIMIT or OFFSET",
    "WindowAgg": "a window function",
    "Sample Scan": "TABLESAMPLE",
    "Unique": "DISTINCT ON",
}
"""Steps that choose among rows by an order that may leave some of them equal."""
_SETTINGS = {
    "enable_sort": "off",
    "enable_indexscan": "off",
    "enable_indexonlyscan": "off",
    "enable_hashagg": "on",
}
"""So that a plain DISTINCT is no Unique, and max(id) no Limit, which is up to the statistics else."""
_TEXT = re.compile(r"'(?:[^']|'')*'")
_NAME = r'"(?:[^"]|"")+"|[^\W\d][\w$]*'
_CALL = re.compile(rf"(?:(?P<schema>{_NAME})\.)?(?P<name>{_NAME})\(")
_NOW = re.compile(
    r"\b(?:now|transaction_timestamp|statement_timestamp)\(\)"
    r"|\b(?:CURRENT_DATE|CURRENT_TIME|CURRENT_TIMESTAMP|LOCALTIME|LOCALTIMESTAMP)\b"
)
_VOLATILE = """
SELECT DISTINCT p.proname::text
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS called (schema, name)
    ON called.schema = n.nspname AND called.name = p.proname
WHERE p.provolatile = 'v' ORDER BY 1
"""
_INSTEAD = (
    ", so each part would compute other rows, and some would be lost or read twice; leave 'split_by' out, or "
    "make a table or a materialized view of it and export that"
)

Step = Mapping[str, object]


async def check_same_for_all_parts(
    connection: asyncpg.Connection, relation: str, where: str | None, split_by: str | None, *, is_table: bool
) -> None:
    """Raise SourceError if parts of the relation, as after FROM, may be parts of different rows.

    A table's own rows are what they are, whatever the condition computes; but not what it selects elsewhere.
    """
    if where is None and split_by is None:
        return
    conditions = [f"({where}\n)"] if where is not None else []
    selected = f"SELECT * FROM {relation}"  # noqa: S608  (tried out before)
    steps = await _plan(connection, _fulfilling(selected, conditions))
    keyed = steps
    if split_by is not None:
        keyed = await _plan(
            connection, _fulfilling(selected, [*conditions, f"((\n{split_by}\n)) IS NOT NULL"])
        )
    what = "the source" if is_table else "'select' or the view"
    for step in (*steps, *keyed):
        if (pick := _PICKS.get(str(step["Node Type"]))) is not None:
            raise SourceError(f"{what} has {pick}, whose rows may differ each time{_INSTEAD}")
    if is_table:
        return
    said = " ".join(text for step in (*steps, *keyed) for text in _texts(step))
    if now := _NOW.search(said):
        raise SourceError(f"{what} has {now[0]} in a view, where it is each reader's own time{_INSTEAD}")
    if volatile := await _volatile(connection, said):
        raise SourceError(f"{what} calls {volatile}(), which may differ each time{_INSTEAD}")
    if _aggregated(keyed) != _aggregated(steps):
        raise SourceError(
            "'split_by' is computed of many rows, whose order may change the outcome; split by what the rows "
            "are grouped by, or leave it out"
        )


def _fulfilling(selected: str, conditions: list[str]) -> str:
    return f"{selected} WHERE {' AND '.join(conditions)}" if conditions else selected


async def _plan(connection: asyncpg.Connection, sql: str) -> tuple[Step, ...]:
    await connection.execute("SAVEPOINT planning")
    await connection.execute("; ".join(f"SET LOCAL {name} = {value}" for name, value in _SETTINGS.items()))
    plan = await connection.fetchval(f"EXPLAIN (VERBOSE, COSTS off, FORMAT json) {sql}")
    await connection.execute("ROLLBACK TO SAVEPOINT planning; RELEASE SAVEPOINT planning")
    return tuple(_steps(json.loads(plan)[0]["Plan"]))


def _steps(plan: dict[str, object]) -> Iterator[Step]:
    yield {name: value for name, value in plan.items() if name != "Plans"}
    inner = plan.get("Plans")
    for one in inner if isinstance(inner, list) else ():
        yield from _steps(one)


def _texts(step: Step) -> Iterator[str]:
    for value in step.values():
        for text in value if isinstance(value, list) else (value,):
            if isinstance(text, str):
                yield _TEXT.sub("''", text)


async def _volatile(connection: asyncpg.Connection, said: str) -> str | None:
    called = [(match["schema"] or "pg_catalog", match["name"]) for match in _CALL.finditer(said)]
    names = [[_unquoted(pair[place]) for pair in called] for place in (0, 1)]
    volatile: str | None = await connection.fetchval(_VOLATILE, *names)
    return volatile


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _aggregated(steps: tuple[Step, ...]) -> list[str]:
    """Conditions on what is computed of groups."""
    return sorted(
        str(step["Filter"]) for step in steps if step["Node Type"] == "Aggregate" and "Filter" in step
    )
