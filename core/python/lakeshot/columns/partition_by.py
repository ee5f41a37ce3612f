"""Attributes by whose values the rows of a snapshot are partitioned, and which values that can be.

A value is a text, which is the end of a folder's name and the value of a partition key in the catalog. Kept
free of Arrow.
"""

from collections.abc import Collection, Iterable

from lakeshot.columns.types import BIGINT, BOOLEAN, DECIMAL, NULL, NUMBER_TEXT, STRING, Column
from lakeshot.errors import PartitionError

PARTITIONABLE = (BIGINT, DECIMAL, NUMBER_TEXT, STRING, BOOLEAN)
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""Hive's own text for null, which its readers take for null whatever the key's type."""
EMPTY = "%_"
"""The empty text, for which Hive writes the text for null. Two hex digits follow in every other ``%``."""


def refuse_folder_per_row(partition_by: Collection[str], keys: Collection[str], table: str) -> None:
    """PartitionError if no two rows of a table with these keys, which tell rows apart, share a folder."""
    if partition_by and set(keys) <= set(partition_by):
        raise PartitionError(
            f"'partition_by' names every key attribute of table {table!r} ({', '.join(keys)}), so that each "
            "row would have a folder to itself; nothing was read. Leave at least one of them out in "
            "exports.yaml, deploy and run again"
        )


def refuse_unpartitionable(columns: Iterable[Column], partition_by: Collection[str]) -> None:
    """PartitionError that names the first attribute to partition by whose type is not among those."""
    for column in columns:
        if column.source in partition_by and column.type not in (NULL, *PARTITIONABLE):
            raise PartitionError(
                f"attribute {column.source!r} has values of the type {column.type}, and 'partition_by' takes "
                f"{', '.join(map(str, PARTITIONABLE))} only; nothing was published. Remove it from "
                "'partition_by' in exports.yaml, or, if all of its values now are of one of these types, pin "
                "it to that below 'types'; deploy and run again"
            )
