"""Athena over the catalog and the bucket in memory: it makes views, reads them and counts.

It understands the statements that Lakeshot writes, by their form. A query that was started is run sooner
or later, whoever waits for it.
"""

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any

from lakeshot.errors import CatalogError
from tests.in_memory.glue import GlueInMemory
from tests.in_memory.s3 import S3InMemory
from tests.model.actors import here

_NAME = r'"lakeshot"\."(\w+)"'
_CREATE = re.compile(rf"CREATE OR REPLACE VIEW {_NAME} AS (.*)", re.DOTALL)
_READ = re.compile(rf"SELECT \* FROM {_NAME} LIMIT 1")
_COUNT_VIEW = re.compile(rf'SELECT count\(\*\) AS "rows" FROM {_NAME}')
_OF_SNAPSHOT = re.compile(rf"""SELECT .* FROM {_NAME} WHERE "snapshot_timestamp" = '(\w+)'""", re.DOTALL)
_NOTHING = re.compile(r"WHERE 1 = 0$")
_MEMBER = re.compile(
    r"CAST\('(\w+)' AS varchar\), CAST\((?:'\w+'|NULL) AS varchar\), CAST\('(\w+)' AS varchar\)"
)


@dataclass
class Query:
    """One query. ``run`` is the run on whose behalf it was started."""

    sql: str
    run: str
    done: bool = False
    error: str | None = None
    number: int = 0


class AthenaInMemory:
    """Queries, and what they find."""

    def __init__(self, glue: GlueInMemory, s3: S3InMemory) -> None:
        self.glue, self.s3 = glue, s3
        self.queries: dict[str, Query] = {}
        self._ids = count(1)

    @staticmethod
    def brief(given: Mapping[str, Any]) -> str:
        return str(given.get("sql") or given["query_id"])[:90]

    def start(self, *, sql: str) -> str:
        actor, name = here(), f"query-{next(self._ids)}"
        self.queries[name] = Query(sql, actor.run if actor is not None else "")
        return name

    def wait(self, *, query_id: str) -> None:
        self.run(query_id)
        if (error := self.queries[query_id].error) is not None:
            raise CatalogError(error)

    def numbers(self, *, query_id: str) -> dict[str, int]:
        """What a query has counted; a whole snapshot has as many rows as its view."""
        number = self.queries[query_id].number
        return {"rows": number, "rows_shown": number}

    def run(self, query_id: str) -> None:
        """Let a query that was started do what it does."""
        query = self.queries[query_id]
        if query.done:
            return
        query.done = True
        if (create := _CREATE.fullmatch(query.sql)) is not None:
            self.glue.put_table(
                {
                    "Name": create[1],
                    "TableType": "VIRTUAL_VIEW",
                    "Parameters": {"presto_view": "true", "comment": "Presto View"},
                    "StorageDescriptor": {"Columns": [{"Name": "column", "Type": "string"}]},
                    "ViewOriginalText": create[2],
                    "ViewExpandedText": "/* Presto View */",
                }
            )
        elif (read := _READ.fullmatch(query.sql) or _COUNT_VIEW.fullmatch(query.sql)) is not None:
            if (view := self.glue.tables.get(read[1])) is None:
                query.error = f"{read[1]} does not exist"
            else:
                query.number = len(self.rows(view["ViewOriginalText"]))
        elif _OF_SNAPSHOT.fullmatch(query.sql) is not None:
            query.number = len(self.rows(query.sql))
        else:
            raise AssertionError(query.sql)

    def rows(self, select: str) -> list[str]:
        """The rows that a query of a snapshot or a group reads, each as one text."""
        if _NOTHING.search(select) is not None:
            return []
        if (of := _OF_SNAPSHOT.fullmatch(select)) is not None:
            return self.snapshot_rows(of[1], of[2])
        members = _MEMBER.findall(select)
        assert members, select
        return [f"{export} {snapshot}" for export, snapshot in members]

    def shown(self, view: str) -> tuple[str, str] | None:
        """Table and snapshot that a view of an export is of; None if it shows no rows."""
        select = self.glue.tables[view]["ViewOriginalText"]
        of = _OF_SNAPSHOT.fullmatch(select)
        return None if of is None else (of[1], of[2])

    def snapshot_rows(self, table: str, snapshot: str) -> list[str]:
        """Everything that lies where the partition of a snapshot points to."""
        partition = self.glue.partitions.get((table, snapshot))
        if partition is None:
            return []
        prefix = partition["StorageDescriptor"]["Location"].split("/", 3)[3]
        return [
            row for key, body in self.s3.objects.items() if key.startswith(prefix) for row in rows_of(body)
        ]


@lru_cache(maxsize=10_000)
def rows_of(body: bytes) -> tuple[str, ...]:
    """The ids of a file's rows."""
    return tuple(re.findall(r'"id":\s*"([^"]+)"', gzip.decompress(body).decode()))
