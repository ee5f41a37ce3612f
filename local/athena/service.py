"""Athena's place in the embedded cloud: queries run as they are started, with their state and files."""

import asyncio
import os
import time
from functools import lru_cache
from typing import Any

# Whole before the first query: a dialect is known to threads beside while its module is still imported.
import sqlglot.dialects.athena
import sqlglot.dialects.duckdb
import sqlglot.dialects.hive
import sqlglot.dialects.trino  # noqa: F401

from local.athena.errors import QueryCancelledError
from local.athena.statement import Statement, statement_type
from local.athena.submission import Submission
from local.hooks import AthenaQuery, Credentials, replace_athena_executor, wrap_service
from local.lake.catalog import Catalog
from local.lake.objects import ObjectStore

_POLL_SECONDS = 0.05
_USER_ERROR = 2  # https://docs.aws.amazon.com/athena/latest/APIReference/API_AthenaError.html


def install() -> None:
    """Let queries be run by this stand-in."""
    replace_athena_executor(execute)
    wrap_service("athena", lambda original: Submission(original).handle)


async def execute(query: AthenaQuery) -> None:
    """Run one query in a thread as its caller; stop it when its state becomes CANCELLED."""
    record: dict[str, Any] = query.execution
    kind = statement_type(query.sql)
    output_uri = result_uri(record["ResultConfiguration"]["OutputLocation"], query.id, kind)
    record["ResultConfiguration"]["OutputLocation"] = output_uri
    record["StatementType"] = kind

    def check() -> None:
        if record["Status"]["State"] == "CANCELLED":
            raise QueryCancelledError(query.id)

    catalog, store = await asyncio.to_thread(_lake_of, query.caller)
    statement = await asyncio.to_thread(Statement, query.sql, query.database, catalog, store, check)
    started = time.monotonic()
    running = asyncio.create_task(asyncio.to_thread(statement.run, output_uri))
    while not running.done():
        await asyncio.wait({running}, timeout=_POLL_SECONDS)
        if record["Status"]["State"] == "CANCELLED":
            statement.cancel()
    if running.exception() is not None:
        record["Status"]["AthenaError"] = _athena_error(str(running.exception()))
    outcome = running.result()
    record["Statistics"]["EngineExecutionTimeInMillis"] = int((time.monotonic() - started) * 1000)
    record["_results"] = {
        "columns": list(outcome.result.columns),
        "rows": [list(r) for r in outcome.result.rows],
    }
    record["_column_types"] = list(outcome.result.types)
    record["Statistics"]["DataScannedInBytes"] = outcome.scanned_bytes


@lru_cache(maxsize=64)
def _lake_of(caller: Credentials) -> tuple[Catalog, ObjectStore]:
    session = caller.session(os.environ["AWS_REGION"])
    return Catalog(session), ObjectStore(session)


def _athena_error(message: str) -> dict[str, object]:
    return {"ErrorCategory": _USER_ERROR, "Retryable": False, "ErrorMessage": message}


def result_uri(given: str, query_id: str, kind: str) -> str:
    """Return where the result file goes: ``<location>/<query id>.csv``, ``.txt`` for all but queries."""
    folder = given.removesuffix(f"{query_id}.csv").rstrip("/")
    return f"{folder}/{query_id}.{'csv' if kind == 'DML' else 'txt'}"
