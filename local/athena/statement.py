"""One statement of a user, whatever its kind, run as the caller."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import ClientError
from sqlglot import exp

from local.athena.ddl import Ddl
from local.athena.errors import QueryError
from local.athena.relations import parsed
from local.athena.result import Result, result_of
from local.athena.select import Select
from local.lake.catalog import Catalog
from local.lake.objects import ObjectStore

StatementType = Literal["DML", "DDL", "UTILITY"]
_COMMENTS = re.compile(r"\A(\s|--[^\n]*(\n|\Z)|/\*.*?\*/)+", re.DOTALL)
_DENIED = {"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "403"}
_UNSUPPORTED = {
    "INSERT",
    "UNLOAD",
    "DELETE",
    "UPDATE",
    "MERGE",
    "EXPLAIN",
    "PREPARE",
    "EXECUTE",
    "VACUUM",
    "OPTIMIZE",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A statement's result and the bytes read from S3 for it."""

    result: Result
    scanned_bytes: int


def statement_type(sql: str) -> StatementType:
    """Return the kind that GetQueryExecution tells."""
    word = _first_word(sql)
    if word in {"SELECT", "WITH", "VALUES", "TABLE", "INSERT", "DELETE", "UPDATE", "MERGE", "UNLOAD"}:
        return "DML"
    return "DDL" if word in {"CREATE", "DROP", "ALTER", "MSCK"} else "UTILITY"


class Statement:
    """A statement with what it may touch; ``run`` blocks, ``cancel`` stops it from another thread."""

    def __init__(
        self, sql: str, database: str, catalog: Catalog, store: ObjectStore, check: Callable[[], None]
    ) -> None:
        """``check`` raises QueryCancelledError once the query was stopped."""
        self.sql = _COMMENTS.sub("", sql).rstrip().rstrip(";")
        self._database = database.lower()
        self._catalog = catalog
        self._store = store
        self._select = Select(self._catalog, self._store, check)

    def run(self, output_uri: str) -> Outcome:
        """Run it and write its result file to ``output_uri``. Raises QueryError."""
        try:
            self._store.require_bucket(output_uri)
            result = self._result()
            scanned = self._store.bytes_read
            is_query = statement_type(self.sql) == "DML"
            body, content = (result.csv(), "text/csv") if is_query else (result.txt(), "text/plain")
            self._store.write(output_uri, body, content)
        except ClientError as error:
            raise _translated(error) from error
        return Outcome(result, scanned)

    def cancel(self) -> None:
        """Interrupt the engine."""
        self._select.interrupt()

    def _result(self) -> Result:
        ddl = Ddl(self._catalog, self._store, self._select, self._database)
        result = ddl.run(self.sql)
        if result is not None:
            return result
        word = _first_word(self.sql)
        if word in _UNSUPPORTED:
            raise QueryError("NOT_SUPPORTED", f"{word} is not supported by the embedded Athena")
        query = parsed(self.sql)
        if not isinstance(query, exp.Query):
            raise QueryError("SYNTAX_ERROR", f"line 1:1: mismatched input '{word.lower()}'")
        return result_of(self._select.rows(query, self._database))


def _first_word(sql: str) -> str:
    word = re.match(r"\(*\s*(\w+)", _COMMENTS.sub("", sql))
    return word[1].upper() if word else ""


def _translated(error: ClientError) -> QueryError:
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code in _DENIED:
        return QueryError("PERMISSION_DENIED", f"Insufficient permissions to execute the query. {message}")
    if code in {"NoSuchBucket", "404"}:
        return QueryError("GENERIC_USER_ERROR", f"The S3 location does not exist: {message}")
    return QueryError("GENERIC_INTERNAL_ERROR", f"{error.operation_name} failed with {code}: {message}")
