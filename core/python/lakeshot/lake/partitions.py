"""Partitions of a table in the Glue catalog, of which the first value names a snapshot."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from lakeshot.errors import CatalogError
from lakeshot.names import PARTITION_KEY
from lakeshot.refusals import refusals_named

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_glue.type_defs import (
        ErrorDetailTypeDef,
        GetPartitionsRequestPaginateTypeDef,
        PartitionInputTypeDef,
    )

_WRITTEN_AT_ONCE = 100
"""The most partitions one BatchCreatePartition or BatchUpdatePartition call takes."""
_DELETED_AT_ONCE = 25
"""The most partitions one BatchDeletePartition call takes."""
_ALREADY, _GONE = "AlreadyExistsException", "EntityNotFoundException"
One = TypeVar("One")


def write_partitions(
    glue: "GlueClient", database: str, table: str, partitions: "Iterable[PartitionInputTypeDef]"
) -> None:
    """Make the partitions what is given, whether or not there are some of their values.

    No more are held at a time than one call takes. CatalogError with Glue's own reason if it takes one not.
    """
    for batch in _batches(partitions, _WRITTEN_AT_ONCE):
        with refusals_named("glue:BatchCreatePartition", f"table/{database}/{table}"):
            created = glue.batch_create_partition(
                DatabaseName=database, TableName=table, PartitionInputList=batch
            )
        there = set()
        for error in created.get("Errors", []):
            if _code(error.get("ErrorDetail")) != _ALREADY:
                raise _error(database, table, "written", error.get("ErrorDetail"))
            there.add(tuple(error.get("PartitionValues", [])))
        again = [one for one in batch if tuple(one.get("Values", [])) in there]
        if not again:
            continue
        with refusals_named("glue:BatchUpdatePartition", f"table/{database}/{table}"):
            updated = glue.batch_update_partition(
                DatabaseName=database,
                TableName=table,
                Entries=[
                    {"PartitionValueList": one.get("Values", []), "PartitionInput": one} for one in again
                ],
            )
        for failed in updated.get("Errors", []):
            raise _error(database, table, "written", failed.get("ErrorDetail"))


def partition_snapshots(glue: "GlueClient", database: str, table: str) -> set[str]:
    """The snapshots that have a partition in the table; none if there is no table."""
    return {values[0] for values in _partition_values(glue, database, table)}


def drop_partitions(glue: "GlueClient", database: str, table: str, snapshot: str) -> None:
    """Take all of a snapshot's partitions out of the table. Those that are not there are no error.

    CatalogError with Glue's own reason if it keeps one of them.
    """
    for batch in _batches(_values_of_snapshot(glue, database, table, snapshot), _DELETED_AT_ONCE):
        with (
            suppress(glue.exceptions.EntityNotFoundException),
            refusals_named("glue:BatchDeletePartition", f"table/{database}/{table}"),
        ):
            deleted = glue.batch_delete_partition(
                DatabaseName=database,
                TableName=table,
                PartitionsToDelete=[{"Values": values} for values in batch],
            )
            for error in deleted.get("Errors", []):
                if _code(error.get("ErrorDetail")) != _GONE:
                    raise _error(database, table, "removed", error.get("ErrorDetail"))


def _values_of_snapshot(glue: "GlueClient", database: str, table: str, snapshot: str) -> list[list[str]]:
    """The values of a snapshot's partitions, whatever the table calls its first key.

    Glue takes no expression over a key that the table has not, so then all partitions are listed.
    """
    try:
        return _partition_values(glue, database, table, f"{PARTITION_KEY} = '{snapshot}'")
    except glue.exceptions.InvalidInputException:
        everything = _partition_values(glue, database, table)
        return [values for values in everything if values[:1] == [snapshot]]


def _partition_values(
    glue: "GlueClient", database: str, table: str, expression: str | None = None
) -> list[list[str]]:
    """The values of the partitions that an expression over the keys is true of; all without one."""
    request: GetPartitionsRequestPaginateTypeDef = {
        "DatabaseName": database,
        "TableName": table,
        "ExcludeColumnSchema": True,
    }
    if expression is not None:
        request["Expression"] = expression
    found: list[list[str]] = []
    with (
        suppress(glue.exceptions.EntityNotFoundException),
        refusals_named("glue:GetPartitions", f"table/{database}/{table}"),
    ):
        for page in glue.get_paginator("get_partitions").paginate(**request):
            found.extend(partition.get("Values", []) for partition in page["Partitions"])
    return found


def _batches(items: Iterable[One], size: int) -> Iterator[list[One]]:
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


def _code(detail: "ErrorDetailTypeDef | None") -> str:
    return (detail or {}).get("ErrorCode", "")


def _error(database: str, table: str, what: str, detail: "ErrorDetailTypeDef | None") -> CatalogError:
    return CatalogError(
        f"Glue says why a partition of {database}.{table} was not {what}: {_code(detail)}: "
        f"{(detail or {}).get('ErrorMessage', 'no reason given')}. Correct that, then run again"
    )
