"""Which of an export's tables a snapshot can share.

Athena cannot read a partition that declares another type for a column than its table does, so snapshots
that disagree on a type live in different tables: generations, counted from 1. Old snapshots stay
queryable where they are, and nothing of them is ever rewritten.
"""

from collections.abc import Sequence

from lakeshot.columns.schema import hive_type
from lakeshot.columns.types import Column
from lakeshot.files import FileFormat

Known = tuple[int, FileFormat, Sequence[Column]]
"""A snapshot that has its place: its generation, its files' format and its columns."""


def generation_for(columns: Sequence[Column], file_format: FileFormat, known: Sequence[Known]) -> int:
    """The newest generation in which no column has another Hive type, else a new one; 1 is the first.

    Snapshots that are placed by this agree pairwise within each generation.
    """
    own = _hive_types(columns, file_format)
    generations = {generation for generation, _, _ in known}
    refused = {
        generation for generation, format_, others in known if _differ(own, _hive_types(others, format_))
    }
    return max(generations - refused, default=max(generations, default=0) + 1)


def _hive_types(columns: Sequence[Column], file_format: FileFormat) -> dict[str, str]:
    return {column.name: hive_type(column.type, file_format) for column in columns}


def _differ(a: dict[str, str], b: dict[str, str]) -> bool:
    return any(a[name] != b[name] for name in a.keys() & b.keys())
