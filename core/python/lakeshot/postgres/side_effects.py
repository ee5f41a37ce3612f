"""SQL that people configure may have no effects beyond the rows it returns, and is refused before it is run.

A transaction that only reads refuses what writes to tables, but not to end another session, to hold a lock
that outlasts it, to change a setting, or to call another server. PostgreSQL's word for what may have effects
is VOLATILE. It is believed: what a function does that is declared STABLE or IMMUTABLE nobody can know.
"""

import asyncpg

from lakeshot.errors import SourceError
from lakeshot.postgres.plans import Volatile, is_volatile, plan, volatile_functions
from lakeshot.postgres.told import told

_HARMLESS = (
    *("random", "random_normal", "array_sample", "array_shuffle", "gen_random_uuid", "uuidv4", "uuidv7"),
    *("clock_timestamp", "timeofday", "pg_xact_commit_timestamp", "pg_is_in_recovery", "lo_get"),
    *("pg_relation_size", "pg_table_size", "pg_indexes_size", "pg_total_relation_size", "pg_database_size"),
)
"""Those of PostgreSQL's own that only differ each time, or only look."""
_HARMLESS_EXTENSIONS = ("pgcrypto", "uuid-ossp")
"""Their volatile functions make random numbers."""
_ONE_ROW = "pg_catalog.generate_series(1, 1)"
_INSTEAD = "leave it out, or make a table with it and export that"


async def check_no_side_effects(connection: asyncpg.Connection, field: str, source: str) -> None:
    """Raise SourceError if ``source``, as after FROM with what a field says, calls what may have effects.

    Views are looked into. Nothing is executed, though planning may call what is STABLE or IMMUTABLE.
    """
    try:
        any_row = f"SELECT true FROM {source} LIMIT 1"  # noqa: S608  (parsed before)
        if not await is_volatile(connection, _ONE_ROW, any_row):
            return
        called = await volatile_functions(connection, await plan(connection, f"SELECT FROM {source}"))
    except asyncpg.LockNotAvailableError:
        raise  # whoever locks tables by this tells who holds them
    except asyncpg.PostgresError as error:
        raise told(error, f"trying out '{field}'") from error
    if not called:
        raise SourceError(
            f"'{field}', or a view it reads, calls a volatile function where no plan names it, such as "
            "in VALUES, in LIMIT, in a window's frame, by an operator or a cast: it may have effects "
            f"beyond the rows that are exported; {_INSTEAD}"
        )
    for function in called:
        if not _is_harmless(function):
            raise SourceError(
                f"'{field}', or a view it reads, calls {function}, which is volatile: it may have effects "
                f"beyond the rows that are exported; {_INSTEAD}{_declared(function)}"
            )


def _is_harmless(function: Volatile) -> bool:
    if function.schema == "pg_catalog":
        return function.name in _HARMLESS
    return function.extension in _HARMLESS_EXTENSIONS


def _declared(function: Volatile) -> str:
    if function.schema == "pg_catalog":
        return ""
    return ". If it only computes or reads, have its owner declare so: ALTER FUNCTION … STABLE"
