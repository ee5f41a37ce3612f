"""Attributes by whose values the rows of a snapshot are partitioned, and which values that can be.

A value is a text, which is the end of a folder's name and the value of a partition key in the catalog. Kept
free of Arrow.
"""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from lakeshot.columns.types import NULL, Column, ColumnType, Scalar
from lakeshot.errors import PartitionError

PARTITIONABLE = (
    Scalar.BIGINT,
    Scalar.DECIMAL,
    Scalar.NUMBER_TEXT,
    Scalar.STRING,
    Scalar.BOOLEAN,
    Scalar.DATE,
    Scalar.DATE_TEXT,
)
"""Whose values can name folders, as single ones, not as arrays of them."""
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""Hive's own text for null, which its readers take for null whatever the key's type."""
EMPTY = "%5F"
"""The empty text, for which Hive writes the text for null. No text is encoded to it: ``_`` stays as it is."""


def is_partitionable(column_type: ColumnType) -> bool:
    """Whether values of the type can name folders."""
    return not column_type.is_array and column_type.scalar in PARTITIONABLE


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
        if column.source in partition_by and not (column.type == NULL or is_partitionable(column.type)):
            raise PartitionError(
                f"attribute {column.source!r} has values of the type {column.type}, and 'partition_by' takes "
                f"{', '.join(map(str, PARTITIONABLE))} only; nothing was published. Remove it from "
                "'partition_by' in exports.yaml, or, if all of its values now are of one of these types, pin "
                "it to that below 'types'; deploy and run again"
            )


def refuse_unfilled(
    partition_by: Iterable[str], filled: Collection[str], published: Iterable[Column]
) -> None:
    """PartitionError that names the first attribute to partition by that seems to be misspelled.

    No row has a value of it, though there are rows, whose ``filled`` attributes have some, and none of the
    ``published`` snapshots had one: their column has a type from then on.
    """
    had_values = {column.source for column in published if column.type != NULL}
    for attribute in partition_by:
        if attribute in filled or attribute in had_values:
            continue
        by_spelling = {one.casefold(): one for one in sorted(filled)}
        close = get_close_matches(attribute.casefold(), by_spelling, n=1)
        instead = f" (there is {by_spelling[close[0]]!r})" if close else ""
        raise PartitionError(
            f"no row has a value of {attribute!r}, by which 'partition_by' keeps rows apart{instead}; "
            "nothing was published. Correct or remove it in 'partition_by' of exports.yaml, deploy and run "
            "again"
        )
