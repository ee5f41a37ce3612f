"""Which of an export's tables a snapshot can share.

Athena cannot read a partition that declares another type for a column than its table does, so snapshots
that disagree on a type live in different tables: generations, counted from 1. So do snapshots of different
formats, because a table is described by one, and snapshots whose files hold columns by position if a place
is not the same column's in both. Old snapshots stay queryable where they are, and nothing of them is ever
rewritten.
"""

from collections.abc import Sequence

from lakeshot.columns.schema import hive_type
from lakeshot.columns.types import Column
from lakeshot.files import BY_POSITION, FileFormat

Known = tuple[int, FileFormat, Sequence[Column]]
"""A snapshot that has its place: its generation, its files' format and its columns."""


def generation_for(columns: Sequence[Column], file_format: FileFormat, known: Sequence[Known]) -> int:
    """The newest generation whose snapshots go with this one, else a new one; 1 is the first.

    Snapshots that are placed by this agree pairwise within each generation.
    """
    generations = {generation for generation, _, _ in known}
    refused = {
        generation
        for generation, other_format, others in known
        if other_format is not file_format or _differ(columns, others, file_format)
    }
    return max(generations - refused, default=max(generations, default=0) + 1)


def same_places(names: Sequence[str], others: Sequence[str]) -> bool:
    """Whether columns that both have are at the same places: the longer list only goes on."""
    return all(name == other for name, other in zip(names, others, strict=False))


def _differ(columns: Sequence[Column], others: Sequence[Column], file_format: FileFormat) -> bool:
    own, other = _hive_types(columns, file_format), _hive_types(others, file_format)
    if file_format in BY_POSITION and not same_places(list(own), list(other)):
        return True
    return any(own[name] != other[name] for name in own.keys() & other.keys())


def _hive_types(columns: Sequence[Column], file_format: FileFormat) -> dict[str, str]:
    return {column.name: hive_type(column.type, file_format) for column in columns}
