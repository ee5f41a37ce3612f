"""Athena, as the pipeline uses it: statements and single rows of numbers, in one workgroup and database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import awswrangler as wr

from lakeshot.errors import CatalogError
from lakeshot.refusals import refusals_named

if TYPE_CHECKING:
    from boto3 import Session

_LOOK_EVERY_SECONDS = 0.25
"""What changes a view takes less than a second, and a group's views change one after the other."""


@dataclass(frozen=True)
class Athena:
    """Runs queries under the session's own permissions."""

    session: "Session"
    workgroup: str
    database: str

    def run(self, sql: str) -> str:
        """Run a statement to its end and return its query id; CatalogError has Athena's own reason.

        What Athena itself calls worth retrying, such as a busy moment of S3, is tried again.
        """
        return self._run(sql, tries=3)

    def _run(self, sql: str, *, tries: int) -> str:
        query_id = self._start(sql)
        try:
            wr.athena.wait_query(
                query_execution_id=query_id,
                boto3_session=self.session,
                athena_query_wait_polling_delay=_LOOK_EVERY_SECONDS,
            )
        except (wr.exceptions.QueryFailed, wr.exceptions.QueryCancelled) as error:
            if tries > 1 and self._may_be_retried(query_id):
                return self._run(sql, tries=tries - 1)
            raise CatalogError(
                f"Athena could not run the query {query_id}: {error}. The query was: {sql[:500]}"
            ) from error
        return query_id

    def _start(self, sql: str) -> str:
        with refusals_named("athena:StartQueryExecution", f"workgroup/{self.workgroup}"):
            return str(
                wr.athena.start_query_execution(
                    sql,
                    database=self.database,
                    workgroup=self.workgroup,
                    boto3_session=self.session,
                    wait=False,
                )
            )

    def _may_be_retried(self, query_id: str) -> bool:
        found = self.session.client("athena").get_query_execution(QueryExecutionId=query_id)
        return bool(found["QueryExecution"]["Status"].get("AthenaError", {}).get("Retryable", False))

    def numbers(self, query_id: str) -> Mapping[str, int]:
        """The numbers of the one row that a finished query returned, by column."""
        rows = self.session.client("athena").get_query_results(QueryExecutionId=query_id)["ResultSet"]["Rows"]
        names, values = ([field["VarCharValue"] for field in row["Data"]] for row in rows)
        return {name: int(value) for name, value in zip(names, values, strict=True)}
