"""Partitions of a table in the Glue catalog, by the one value that names a snapshot."""

from contextlib import suppress
from typing import TYPE_CHECKING

from lakeshot.refusals import refusals_named

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_glue.type_defs import PartitionInputTypeDef


def write_partition(
    glue: "GlueClient", database: str, table: str, partition: "PartitionInputTypeDef"
) -> None:
    """Make the partition what is given, whether or not there is one of its values."""
    with refusals_named("glue:CreatePartition", f"table/{database}/{table}"):
        try:
            glue.create_partition(DatabaseName=database, TableName=table, PartitionInput=partition)
        except glue.exceptions.AlreadyExistsException:
            glue.update_partition(
                DatabaseName=database,
                TableName=table,
                PartitionInput=partition,
                PartitionValueList=partition.get("Values", []),
            )


def partition_snapshots(glue: "GlueClient", database: str, table: str) -> set[str]:
    """The snapshots that have a partition in the table; none if there is no table."""
    found: set[str] = set()
    with (
        suppress(glue.exceptions.EntityNotFoundException),
        refusals_named("glue:GetPartitions", f"table/{database}/{table}"),
    ):
        pages = glue.get_paginator("get_partitions").paginate(
            DatabaseName=database, TableName=table, ExcludeColumnSchema=True
        )
        for page in pages:
            found.update(partition.get("Values", [])[0] for partition in page["Partitions"])
    return found


def drop_partition(glue: "GlueClient", database: str, table: str, snapshot: str) -> None:
    """Take a snapshot's partition out of the table. One that is not there is no error."""
    with (
        suppress(glue.exceptions.EntityNotFoundException),
        refusals_named("glue:DeletePartition", f"table/{database}/{table}"),
    ):
        glue.delete_partition(DatabaseName=database, TableName=table, PartitionValues=[snapshot])
