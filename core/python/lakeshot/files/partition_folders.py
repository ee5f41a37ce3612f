"""The folders of a snapshot's rows by their values of some attributes, in Hive's layout: ``country=CH/``."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns.partition_by import NO_VALUE
from lakeshot.columns.partition_text import partition_text
from lakeshot.columns.types import Column
from lakeshot.errors import PartitionError

MOST_FILES = 100_000
"""In one partitioned snapshot. Its manifest then has some 40 MB, which each of 40 verifiers reads; these get
2,500 files each, so many as a function reads in its minutes, and listing takes 100 calls."""
MOST_FOLDERS = 10_000
"""In one snapshot. Each has files of its own and is a partition, of which Glue takes 100 in a call and
removes 25: so many are registered, and removed, within a function's minutes; each query lists them."""
_LONGEST_KEY_BYTES = 1_024
"""Of an object in S3. A partition value, which is part of one, may have as many characters in Glue."""
_REWRITTEN_BYTES = 9
"""By so much is the name of a file longer that is written again (``lakeshot.commit.rewrite``)."""


def by_folder(
    table: pa.Table, columns: Sequence[Column], names: Mapping[str, str]
) -> Iterator[tuple[str, pa.Array]]:
    """Each folder that rows go to and the places of these, in their order; a folder of more rows comes first.

    ``names`` are what folders call the attributes, in the order of the folders' levels.
    """
    given = {column.source: column for column in columns}
    levels = [_level(table, given.get(source), name) for source, name in names.items()]
    folders = pc.binary_join_element_wise(*levels, "").dictionary_encode()
    order = pc.array_sort_indices(folders.indices)  # keeps the order of equal ones
    counts = pc.value_counts(folders.indices.take(order)).field("counts").to_pylist()
    starts = accumulate(counts, initial=0)
    spans = zip(folders.dictionary.to_pylist(), starts, counts, strict=False)  # the end of all starts nothing
    for folder, start, rows in sorted(spans, key=lambda span: -span[2]):
        yield folder, order.slice(start, rows)


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


def check_file_count(files: int, partition_by: Sequence[str]) -> None:
    """PartitionError if rows that are partitioned are in more files than one snapshot may have."""
    if partition_by and files > MOST_FILES:
        raise PartitionError(
            f"partitioned by {_quoted(partition_by)}, the rows are in {files:,} files or more, and one "
            f"snapshot may have {MOST_FILES:,}; nothing was published. Name attributes with fewer different "
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
