"""The table that a name means, or what is close to it."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Literal

import asyncpg

from lakeshot.errors import SourceError
from lakeshot.model import Model

_KINDS = {
    "i": "an index",
    "I": "an index",
    "S": "a sequence",
    "t": "a TOAST table",
    "c": "a composite type",
}
_RELATION = """
SELECT c.oid, c.relkind::text AS relkind
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1::text AND c.relname = $2::text
"""
_SCHEMAS = """
SELECT nspname::text FROM pg_catalog.pg_namespace
WHERE pg_catalog.has_schema_privilege(oid, 'USAGE') AND nspname !~ '^pg_(toast|temp)'
"""
_NAMES = """
SELECT n.nspname::text AS schema, c.relname::text AS name
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'f', 'v') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname !~ '^pg_(toast|temp)' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
"""
_MOST_SHOWN = 5


class Relation(Model):
    """Something that rows can be read from."""

    schema_name: str
    name: str
    oid: int
    relkind: Literal["r", "p", "m", "f", "v"]


async def find_relation(connection: asyncpg.Connection, schema: str, table: str) -> Relation:
    """The relation of that very name, upper and lower case told apart.

    SourceError if there is none, naming those that are close and may be read, or if it holds no rows.
    """
    row = await connection.fetchrow(_RELATION, schema, table)
    if row is None:
        raise await _missing(connection, schema, table)
    if row["relkind"] in _KINDS:
        raise SourceError(
            f"{_shown(schema, table)} is {_KINDS[row['relkind']]}; give a table, a partitioned table, "
            "a materialized view, a foreign table or a view"
        )
    return Relation(schema_name=schema, name=table, oid=row["oid"], relkind=row["relkind"])


async def _missing(connection: asyncpg.Connection, schema: str, table: str) -> SourceError:
    database = await connection.fetchval("SELECT pg_catalog.current_database()::text")
    schemas = [row[0] for row in await connection.fetch(_SCHEMAS)]
    names = [(row["schema"], row["name"]) for row in await connection.fetch(_NAMES)]
    same = [_shown(other, name) for other, name in names if name == table]
    if schema not in schemas:
        said = f"database {database!r} has no schema {schema!r} that this user may use"
        near = close_matches(schema, schemas)
    else:
        said = f"schema {schema!r} of database {database!r} has no table {table!r}"
        near = [
            _shown(schema, name)
            for name in close_matches(table, [name for other, name in names if other == schema])
        ]
    seen = list(dict.fromkeys([*same, *near]))[:_MOST_SHOWN]
    advice = f"; close to it: {', '.join(seen)}" if seen else "; nothing this user may read is close to it"
    return SourceError(f"{said}{advice}. Names are matched exactly, upper and lower case included")


def check_columns(relation: Relation, names: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise SourceError for a wanted column that the relation lacks, naming those that are close."""
    for name in wanted:
        if name not in names:
            near = ", ".join(close_matches(name, names)) or "none"
            raise SourceError(
                f"{_shown(relation.schema_name, relation.name)} has no column {name!r}; close to it: {near}. "
                "Names are matched exactly, upper and lower case included"
            )


def close_matches(name: str, names: Iterable[str]) -> list[str]:
    """Names like the given one, the closest first, whatever their case."""
    by_folded: dict[str, list[str]] = {}
    for other in names:
        by_folded.setdefault(other.casefold(), []).append(other)
    near = get_close_matches(name.casefold(), by_folded, n=_MOST_SHOWN)
    return [other for folded in near for other in sorted(by_folded[folded])][:_MOST_SHOWN]


def _shown(schema: str, name: str) -> str:
    return f"{schema}.{name}"
