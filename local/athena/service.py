"""Athena's place in the embedded cloud: queries run as they are started, with their state and files."""

import asyncio
import os
from typing import Any

from local.athena.errors import QueryCancelledError
from local.athena.statement import Statement, statement_type
from local.hooks import AthenaQuery, replace_athena_executor
from local.lake.catalog import Catalog
from local.lake.objects import ObjectStore

_POLL_SECONDS = 0.05


def install() -> None:
    """Let queries be run by this stand-in."""
    replace_athena_executor(execute)


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

    session = await asyncio.to_thread(query.caller.session, os.environ["AWS_REGION"])
    catalog, store = await asyncio.to_thread(lambda: (Catalog(session), ObjectStore(session)))
    statement = Statement(query.sql, query.database, catalog, store, check)
    running = asyncio.create_task(asyncio.to_thread(statement.run, output_uri))
    while not running.done():
        await asyncio.wait({running}, timeout=_POLL_SECONDS)
        if record["Status"]["State"] == "CANCELLED":
            statement.cancel()
    outcome = running.result()
    record["_results"] = {
        "columns": list(outcome.result.columns),
        "rows": [list(r) for r in outcome.result.rows],
    }
    record["_column_types"] = list(outcome.result.types)
    record["Statistics"]["DataScannedInBytes"] = outcome.scanned_bytes


def result_uri(given: str, query_id: str, kind: str) -> str:
    """Return where the result file goes: ``<location>/<query id>.csv``, ``.txt`` for all but queries."""
    folder = given.removesuffix(f"{query_id}.csv").rstrip("/")
    return f"{folder}/{query_id}.{'csv' if kind == 'DML' else 'txt'}"
