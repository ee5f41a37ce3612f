"""A Glue catalog that keeps versions, and an Athena that queries it, without a server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from lakeshot.config.deployed import Deployed
from lakeshot.errors import CatalogError
from lakeshot.lake.athena import Athena
from lakeshot.lake.hive import HiveLake
from local.athena.errors import QueryError
from local.athena.result import Result
from local.athena.statement import Statement
from local.lake.catalog import Catalog
from local.lake.objects import ObjectStore
from tests.unit.conftest import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_s3.client import S3Client


def _nothing() -> None:
    """Nobody interferes."""


@dataclass
class Versions:
    """UpdateTable's promise, which moto does not keep: only the version that is current is replaced."""

    glue: "GlueClient"
    meanwhile: Callable[[], None] = _nothing
    """Done once, between the next writer's reading and its writing."""

    def check(self, params: dict[str, Any], **_: object) -> None:
        meanwhile, self.meanwhile = self.meanwhile, _nothing
        meanwhile()
        name = params["TableInput"]["Name"]
        current = self.glue.get_table(DatabaseName=params["DatabaseName"], Name=name)["Table"]["VersionId"]
        if params.get("VersionId", current) != current:
            raise self.glue.exceptions.ConcurrentModificationException(
                {"Error": {"Code": "ConcurrentModificationException", "Message": name}}, "UpdateTable"
            )


@pytest.fixture
def glue(aws: None) -> "GlueClient":
    client = boto3.client("glue")
    client.create_database(DatabaseInput={"Name": "lakeshot"})
    return client


@pytest.fixture
def versions(glue: "GlueClient") -> Versions:
    versions = Versions(glue)
    glue.meta.events.register("provide-client-params.glue.UpdateTable", versions.check)
    return versions


class EmbeddedAthena(Athena):
    """Runs statements by the embedded cloud's own engine against the catalog and the bucket."""

    def run(self, sql: str) -> str:
        query_id = f"query-{next(_numbers)}"
        catalog, store = Catalog(self.session), ObjectStore(self.session)
        statement = Statement(sql, self.database, catalog, store, check=lambda: None)
        try:
            _answers[query_id] = statement.run(f"s3://{BUCKET}/answers/{query_id}.csv").result
        except QueryError as error:
            raise CatalogError(str(error)) from error
        return query_id

    def numbers(self, query_id: str) -> Mapping[str, int]:
        (row,) = self.rows(query_id)
        return {name: int(text or "") for name, text in zip(_answers[query_id].columns, row, strict=True)}

    def rows(self, query_id: str) -> list[list[str | None]]:
        return [list(row) for row in _answers[query_id].rows]


_numbers = count(1)
_answers: dict[str, Result] = {}


@pytest.fixture
def athena(glue: "GlueClient", s3: "S3Client") -> EmbeddedAthena:
    return EmbeddedAthena(session=boto3.Session(), workgroup="lakeshot-dev", database="lakeshot")


@pytest.fixture
def lake(glue: "GlueClient", versions: Versions, athena: EmbeddedAthena, deployed: Deployed) -> HiveLake:
    return HiveLake(glue=glue, athena=athena, deployed=deployed)
