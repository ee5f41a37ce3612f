"""The folders of a snapshot's rows by their values of some attributes, in Hive's layout: ``country=CH/``."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns.partition_by import NO_VALUE
from lakeshot.columns.partition_text import partition_text
from lakeshot.columns.types import Column
from lakeshot.errors import PartitionError

MOST_FOLDERS = 10_000
"""In one snapshot. Each has files of its own and is a partition, of which Glue takes 100 in a call and
removes 25: so many are registered, and removed, within a function's minutes; each query lists them."""
_LONGEST_KEY_BYTES = 1_024
"""Of an object in S3. A partition value, which is part of one, may have as many characters in Glue."""
_REWRITTEN_BYTES = 9
"""By so much is the name of a file longer that is written again (``lakeshot.commit.rewrite``)."""


def by_folder(
    table: pa.Table, columns: Sequence[Column], names: Mapping[str, str]
) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each folder they go to, in their order, and the folder; all in ``""`` without ``names``.

    ``names`` are what folders call the attributes, in the order of the folders' levels.
    """
    if not names:
        yield "", table
        return
    given = {column.source: column for column in columns}
    levels = [_level(table, given.get(source), name) for source, name in names.items()]
    folders = pc.binary_join_element_wise(*levels, "").dictionary_encode()
    if len(folders.dictionary) == 1:
        yield folders.dictionary[0].as_py(), table
        return
    order = pc.array_sort_indices(folders.indices)  # keeps the order of equal ones
    start = 0
    for entry in pc.value_counts(folders.indices.take(order)):
        number, rows = entry["values"].as_py(), entry["counts"].as_py()
        yield folders.dictionary[number].as_py(), table.take(order.slice(start, rows))
        start += rows


def no_value_folder(names: Mapping[str, str]) -> str:
    """The folder of rows without a value of any of the attributes; ``""`` without ``names``."""
    return "".join(f"{name}={NO_VALUE}/" for name in names.values())


def check_folder_count(folders: Collection[str], partition_by: Sequence[str]) -> None:
    """PartitionError if there are more folders than one snapshot may have."""
    if len(folders) > MOST_FOLDERS:
        raise PartitionError(
            f"the values of {_quoted(partition_by)} come in more than {MOST_FOLDERS:,} combinations, so many "
            "folders may one snapshot have; nothing was published. Name attributes with fewer different "
            "values in 'partition_by' of exports.yaml, deploy and run again"
        )


def check_key_length(key: str, partition_by: Sequence[str]) -> None:
    """PartitionError, which tells no value, if S3 takes no key so long."""
    size = len(key.encode()) + _REWRITTEN_BYTES
    if size > _LONGEST_KEY_BYTES:
        raise PartitionError(
            f"the values of {_quoted(partition_by)} in some row make a key of {size:,} bytes once they are "
            f"percent-encoded, and S3 takes at most {_LONGEST_KEY_BYTES:,}; nothing was published. Name "
            "attributes with shorter values in 'partition_by' of exports.yaml, deploy and run again"
        )


def _level(table: pa.Table, column: Column | None, name: str) -> pa.Array:
    if column is None:
        return pa.repeat(f"{name}={NO_VALUE}/", table.num_rows)
    texts = partition_text(table.column(column.name).combine_chunks(), column.type)
    return pc.binary_join_element_wise(f"{name}=", texts, "/", "")


def _quoted(attributes: Sequence[str]) -> str:
    return ", ".join(map(repr, attributes))
