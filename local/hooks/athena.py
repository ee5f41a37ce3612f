"""Athena's query executor."""

import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from ministack.services import athena

from local.hooks.identity import Credentials, caller_credentials
from local.hooks.operations import JsonObject, Response, ServiceHandler, wrap_service

_caller: ContextVar[Credentials] = ContextVar("lakeshot_athena_caller")


@dataclass(frozen=True)
class AthenaQuery:
    """One started query.

    ``execution`` is the QueryExecution record of the API, which the executor fills in: ``Statistics``, and
    with the keys ``_results`` (``{"columns": [...], "rows": [...]}``) and ``_column_types`` what
    GetQueryResults answers.
    """

    id: str
    sql: str
    database: str
    caller: Credentials
    execution: JsonObject = field(repr=False)


def replace_athena_executor(execute: Callable[[AthenaQuery], Awaitable[None]]) -> None:
    """Let ``execute`` run every query, DDL too, with the credentials of whoever started it.

    It is awaited on the event loop (do blocking work in a thread). Returning means SUCCEEDED, unless the
    query was stopped meanwhile; an exception means FAILED with its text as StateChangeReason.
    """

    async def run(query_id: str, sql: str, database: str, _ddl: object, _catalog: object = None) -> None:
        execution = athena._executions[query_id]
        status = execution["Status"]
        status["State"] = "RUNNING"
        started = time.time()
        try:
            await execute(AthenaQuery(query_id, sql, database, _caller.get(), execution))
            outcome, reason = "SUCCEEDED", ""
        except Exception as error:  # noqa: BLE001 - whatever a query does wrong fails that query, not the server
            outcome, reason = "FAILED", str(error)
        if status["State"] == "RUNNING":
            status.update(State=outcome, StateChangeReason=reason)
        status["CompletionDateTime"] = time.time()
        execution["Statistics"].setdefault("TotalExecutionTimeInMillis", int((time.time() - started) * 1000))

    def wrapper(original: ServiceHandler) -> ServiceHandler:
        async def handler(
            method: str, path: str, headers: dict[str, str], body: bytes, query: Mapping[str, list[str]]
        ) -> Response:
            _caller.set(caller_credentials(headers))
            return await original(method, path, headers, body, query)

        return handler

    # Statements Athena takes but ministack's own small DDL parser refuses must reach the executor.
    athena._parse_ddl = lambda _sql: None
    athena._execute_query = run
    wrap_service("athena", wrapper)
