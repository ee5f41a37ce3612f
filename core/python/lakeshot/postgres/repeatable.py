"""Whether a query has the same rows each time, as parts of it need: each part computes it anew.

The plan tells, views and all: which steps pick rows that another time may be others, and what is called.
"""

from collections.abc import Iterable, Sequence

import asyncpg

from lakeshot.errors import SourceError
from lakeshot.lake.sql import identifier
from lakeshot.postgres.plans import Step, names, plan, volatile_functions

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
_NOW_CALLS = ("now", "transaction_timestamp", "statement_timestamp")
_NOW_WORDS = ("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP")
_INSTEAD = (
    ", so each part would compute other rows, and some would be lost or read twice; leave 'split_by' out, or "
    "make a table or a materialized view of it and export that"
)


async def check_same_for_all_parts(
    connection: asyncpg.Connection,
    relation: str,
    columns: Sequence[str],
    where: str | None,
    split_by: str | None,
    *,
    is_table: bool,
) -> None:
    """Raise SourceError if parts of the relation, as after FROM, may be parts of different rows.

    ``columns`` are those to be read; of others a step may be left out, and the right to read them missing.
    A table's own rows are what they are, whatever the condition computes; but not what it selects elsewhere.
    """
    if where is None and split_by is None:
        return
    conditions = [f"({where}\n)"] if where is not None else []
    listed = "" if is_table else ", ".join(map(identifier, columns))
    selected = f"SELECT {listed} FROM {relation}"  # noqa: S608  (tried out before)
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
    if (now := _now((*steps, *keyed))) is not None:
        raise SourceError(f"{what} has {now} in a view, where it is each reader's own time{_INSTEAD}")
    for function in await volatile_functions(connection, (*steps, *keyed)):
        raise SourceError(f"{what} calls {function}, which may differ each time{_INSTEAD}")
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
    steps = await plan(connection, sql)
    await connection.execute("ROLLBACK TO SAVEPOINT planning; RELEASE SAVEPOINT planning")
    return steps


def _now(steps: Iterable[Step]) -> str | None:
    for each in names(steps):
        if each.schema is None and each.name in _NOW_WORDS:
            return each.name
        if each.schema is None and each.is_call and each.name in _NOW_CALLS:
            return f"{each.name}()"
    return None


def _aggregated(steps: tuple[Step, ...]) -> list[str]:
    """Conditions on what is computed of groups."""
    return sorted(
        str(step["Filter"]) for step in steps if step["Node Type"] == "Aggregate" and "Filter" in step
    )
