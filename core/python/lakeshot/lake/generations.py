"""Which of an export's tables a snapshot can share.

Athena cannot read a partition that declares another type for a column than its table does, so snapshots
that disagree on a type live in different tables: generations, counted from 1. So do snapshots of different
formats, delimiters or headers, because a table is described by one, snapshots that are partitioned by
different columns, and snapshots whose files hold columns by position if a place is not the same column's in
both. Old snapshots stay queryable where they are, and nothing of them is ever rewritten.
"""

from collections.abc import Sequence
from typing import NamedTuple

from lakeshot.columns.schema import hive_type
from lakeshot.columns.types import Column
from lakeshot.files import BY_POSITION, FileFormat
from lakeshot.files.delimited import COMMAS, Delimited


class Shape(NamedTuple):
    """What decides: a snapshot's format, its files' columns, its partition columns' names, its delimiter."""

    format: FileFormat
    columns: Sequence[Column]
    partition_names: Sequence[str] = ()
    delimited: Delimited = COMMAS


class Known(NamedTuple):
    """A snapshot that has its place."""

    generation: int
    shape: Shape


def generation_for(shape: Shape, known: Sequence[Known]) -> int:
    """The newest generation whose snapshots go with this one, else a new one; 1 is the first.

    Snapshots that are placed by this agree pairwise within each generation.
    """
    generations = {one.generation for one in known}
    refused = {one.generation for one in known if _differ(shape, one.shape)}
    return max(generations - refused, default=max(generations, default=0) + 1)


def same_places(names: Sequence[str], others: Sequence[str]) -> bool:
    """Whether columns that both have are at the same places: the longer list only goes on."""
    return all(name == other for name, other in zip(names, others, strict=False))


def _differ(shape: Shape, known: Shape) -> bool:
    if (shape.format, shape.delimited) != (known.format, known.delimited):
        return True
    if tuple(shape.partition_names) != tuple(known.partition_names):
        return True
    own, other = _hive_types(shape), _hive_types(known)
    if shape.format in BY_POSITION and not same_places(list(own), list(other)):
        return True
    return any(own[name] != other[name] for name in own.keys() & other.keys())


def _hive_types(shape: Shape) -> dict[str, str]:
    return {column.name: hive_type(column.type, shape.format) for column in shape.columns}
