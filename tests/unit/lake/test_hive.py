"""Table and partition in the Glue catalog, from the manifest."""

from typing import TYPE_CHECKING, cast

import boto3
import pytest

from lakeshot.config.deployed import Deployed
from lakeshot.files import FileFormat
from lakeshot.lake.athena import Athena
from lakeshot.lake.hive import HiveLake
from tests.unit.manifests import COLUMNS, column, manifest

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient


@pytest.fixture
def glue(aws: None) -> "GlueClient":
    client = boto3.client("glue")
    client.create_database(DatabaseInput={"Name": "lakeshot"})
    return client


@pytest.fixture
def lake(glue: "GlueClient", deployed: Deployed) -> HiveLake:
    return HiveLake(glue=glue, athena=cast("Athena", None), deployed=deployed)


def columns(glue: "GlueClient") -> dict[str, str]:
    table = glue.get_table(DatabaseName="lakeshot", Name="snapshots_reviews")["Table"]
    return {found["Name"]: found["Type"] for found in table["StorageDescriptor"]["Columns"]}


def test_a_first_snapshot_makes_table_and_partition(glue: "GlueClient", lake: HiveLake) -> None:
    """Types are the manifest's, the location is the snapshot's own."""
    lake.register(manifest())
    assert columns(glue) == {
        "id": "string",
        "stars": "bigint",
        "price": "decimal(38,18)",
        "photo": "binary",
        "sizes": "array<decimal(38,18)>",
    }
    partition = glue.get_partition(
        DatabaseName="lakeshot", TableName="snapshots_reviews", PartitionValues=["20261121T120000Z"]
    )["Partition"]
    assert partition["StorageDescriptor"]["Location"] == (
        "s3://lakeshot-dev-123456789012-us-east-1/snapshots_reviews/snapshot_timestamp=20261121T120000Z/"
    )


def test_json_lines_are_declared_as_they_are_written(glue: "GlueClient", lake: HiveLake) -> None:
    """Decimals and binary are text there; the view casts them back."""
    lake.register(manifest(file_format=FileFormat.JSON))
    assert columns(glue) == {
        "id": "string",
        "stars": "bigint",
        "price": "string",
        "photo": "string",
        "sizes": "array<string>",
    }


def test_registering_again_changes_nothing(glue: "GlueClient", lake: HiveLake) -> None:
    """A catalog step may be invoked twice."""
    lake.register(manifest())
    lake.register(manifest())
    partitions = glue.get_partitions(DatabaseName="lakeshot", TableName="snapshots_reviews")["Partitions"]
    assert len(partitions) == 1


def test_columns_keep_their_place_and_new_ones_follow(glue: "GlueClient", lake: HiveLake) -> None:
    """Athena compares partitions of JSON with the table by position; old snapshots stay queryable whole."""
    lake.register(manifest())
    lake.register(manifest(snapshot="20261122T120000Z", columns=(*COLUMNS[:1], column("Early", "boolean"))))
    expected = ["id", "stars", "price", "photo", "sizes", "early"]
    assert list(columns(glue)) == expected
    partition = glue.get_partition(
        DatabaseName="lakeshot", TableName="snapshots_reviews", PartitionValues=["20261122T120000Z"]
    )["Partition"]
    assert [found["Name"] for found in partition["StorageDescriptor"]["Columns"]] == expected


def test_removing_a_snapshot_removes_its_partition_and_nothing_else(
    glue: "GlueClient", lake: HiveLake
) -> None:
    """Removing it again is no error."""
    lake.register(manifest())
    lake.register(manifest(snapshot="20261122T120000Z"))
    lake.remove("20261121T120000Z")
    lake.remove("20261121T120000Z")
    left = glue.get_partitions(DatabaseName="lakeshot", TableName="snapshots_reviews")["Partitions"]
    assert [partition["Values"] for partition in left] == [["20261122T120000Z"]]


def test_dropping_a_view_that_is_not_there_is_no_error(lake: HiveLake) -> None:
    """A stack that failed to be created can be removed."""
    lake.drop_view()
