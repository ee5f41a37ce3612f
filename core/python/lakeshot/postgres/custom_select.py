"""SQL that people configure, tried out by the server before anything is read by it.

Whoever writes it is trusted; the point is to say at once, and where, what is wrong with it. What writes to
tables is refused by the transaction, which only reads, and other side effects by their functions' volatility.
"""

from collections.abc import Sequence

import asyncpg

from lakeshot.errors import LakeshotError, SourceError
from lakeshot.lake.sql import identifier
from lakeshot.postgres import catalog_sql
from lakeshot.postgres.plans import is_volatile
from lakeshot.postgres.side_effects import check_no_side_effects
from lakeshot.postgres.table_facts import TableColumn
from lakeshot.postgres.told import told

_SELECT_NAME = "lakeshot"
_SHOWN_CHARACTERS = 30
_UNKNOWN_NAME = ("42P01", "42883", "42704", "3F000")
"""Undefined table, function or operator, type, schema."""


def select_relation(select: str, names: Sequence[str] = ()) -> str:
    """A configured SELECT as what stands after FROM; ``names`` are given to its columns in their order."""
    named = f" ({', '.join(map(identifier, names))})" if names else ""
    return f"(\n{without_semicolon(select)}\n) AS {identifier(_SELECT_NAME)}{named}"


def without_semicolon(sql: str) -> str:
    """The statement as it is within another one."""
    return sql.strip().rstrip(";").rstrip()


async def select_facts(connection: asyncpg.Connection, select: str) -> tuple[TableColumn, ...]:
    """The columns of a configured SELECT, which must be one statement that only reads, without side effects.

    A query does not tell how many digits its numerics have, so these count as numeric without precision.
    Run it inside the transaction that reads. SourceError, saying where, if the server refuses it.
    """
    select = without_semicolon(select)
    statement = await _prepared(connection, "select", "", select, "")
    if statement.get_parameters():
        raise SourceError("'select' has placeholders such as $1, but nothing to put there; write the values")
    await _prepared(connection, "select", "SELECT * FROM (\n", select, f'\n) AS "{_SELECT_NAME}"')
    names = [attribute.name for attribute in statement.get_attributes()]
    _check_names(names)
    relation = select_relation(select)
    await check_no_side_effects(connection, "select", relation)
    try:  # what only execution refuses, such as FOR UPDATE and missing privileges
        await connection.execute(f"SELECT FROM {relation} LIMIT 0")
    except asyncpg.LockNotAvailableError:
        raise
    except asyncpg.PostgresError as error:
        raise told(error, "trying out 'select'") from error
    oids = [attribute.type.oid for attribute in statement.get_attributes()]
    rows = await connection.fetch(catalog_sql.TYPES, oids)
    return tuple(TableColumn(name=name, **dict(row)) for name, row in zip(names, rows, strict=True))


async def check_where(connection: asyncpg.Connection, relation: str, where: str) -> None:
    """Raise SourceError, saying where, unless it is a condition on rows without side effects."""
    await _check_closed(connection, "where", relation, where)
    await _prepared(connection, "where", f"SELECT FROM {relation} WHERE (\n", where, "\n)")
    await check_no_side_effects(connection, "where", f"{relation} WHERE (\n{where}\n)")


async def check_split_by(connection: asyncpg.Connection, relation: str, expression: str) -> None:
    """Raise SourceError unless rows of the relation can be ordered by the expression, always alike."""
    await _check_closed(connection, "split_by", relation, expression)
    try:
        await _prepared(connection, "split_by", f"SELECT FROM {relation} ORDER BY (\n", expression, "\n)")
    except SourceError as error:
        if isinstance(error.__cause__, asyncpg.UndefinedFunctionError):
            raise SourceError(
                f"'split_by' is of a type that has no order: {error.__cause__.message}; split by a number, "
                "a time, a text or a uuid"
            ) from error.__cause__
        raise
    await check_no_side_effects(connection, "split_by", f"{relation} WHERE (\n{expression}\n) IS NULL")
    if await is_volatile(connection, relation, expression):
        raise SourceError(
            f"'split_by' {expression!r} may differ each time it is computed, so rows could be read twice or "
            "not at all; split by columns, or expressions of columns only"
        )


async def _check_closed(connection: asyncpg.Connection, field: str, relation: str, expression: str) -> None:
    """Refuse what would end the parentheses it is put in, or leaves a quote or a comment open.

    Nothing is open around the expression here, so a parenthesis that closes more than it opens is an error.
    """
    statement = await _prepared(
        connection, field, "SELECT CASE WHEN true THEN\n", expression, f"\nEND FROM {relation}"
    )
    if statement.get_parameters():
        raise SourceError(
            f"'{field}' has placeholders such as $1, but nothing to put there; write the values"
        )


async def _prepared(
    connection: asyncpg.Connection, field: str, before: str, sql: str, after: str
) -> asyncpg.prepared_stmt.PreparedStatement:
    try:
        return await connection.prepare(f"{before}{sql}{after}")
    except asyncpg.LockNotAvailableError:
        raise  # whoever locks tables by this tells who holds them
    except asyncpg.PostgresError as error:
        raise _told_in(error, field, sql, len(before)) from error


def _told_in(error: asyncpg.PostgresError, field: str, sql: str, offset: int) -> LakeshotError:
    """The server's refusal, with the place in what was configured."""
    place = int(error.position or 0) - offset
    if error.sqlstate == "42501":
        return told(error, f"trying out '{field}'")
    if not 1 <= place <= len(sql):
        where = " at its end" if place > len(sql) else ""
    else:
        line = sql.count("\n", 0, place - 1) + 1
        column = place - (sql.rfind("\n", 0, place - 1) + 1)
        near = sql[place - 1 : place - 1 + _SHOWN_CHARACTERS]
        where = f" in line {line}, column {column}, near {near!r}"
    advice = "correct it in exports.yaml"
    if error.sqlstate in _UNKNOWN_NAME:
        advice += "; write names that are not PostgreSQL's own with their schema, as in public.article"
    said = error.message.splitlines()[0]  # of what is left open it goes on with SQL of ours
    return SourceError(f"'{field}' is refused{where}: {said} ({error.sqlstate}); {advice}")


def _check_names(names: Sequence[str]) -> None:
    if not names:
        raise SourceError("'select' has no columns; select at least one")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError(
            f"'select' has more than one column named {', '.join(map(repr, twice))}; name each apart by AS"
        )
