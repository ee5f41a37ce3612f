"""Rows that wait in memory until there are many for a file of their folder."""

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from lakeshot.columns.schema import cast
from lakeshot.columns.types import Column
from lakeshot.files.partition_folders import by_folder

if TYPE_CHECKING:
    from lakeshot.files.target import Target


class CollectedRows:
    """A part's typed row groups, told apart by folder only when some are written.

    Split at once, thousands of tables of a few rows would take many times the memory of their values.
    They take ``collected_bytes`` of the target and a row group more, and twice that while they are split.
    """

    def __init__(self, target: "Target") -> None:
        self._target = target
        self._tables: list[tuple[pa.Table, tuple[Column, ...]]] = []
        self._attributes: set[str] = set()
        self._rows = self._bytes = 0

    @property
    def are_enough(self) -> bool:
        """Whether some have to be taken out."""
        return self._bytes >= self._target.collected_bytes

    def have_room(self, table: pa.Table, columns: tuple[Column, ...]) -> bool:
        """Whether they stay a table of few enough cells: each column of one row group is in all rows."""
        attributes = self._attributes.union(column.source for column in columns)
        cells = (self._rows + table.num_rows) * len(attributes)
        return not self._rows or cells <= self._target.row_group_cells

    def add(self, table: pa.Table, columns: tuple[Column, ...]) -> None:
        """Keep rows that have these columns."""
        self._tables.append((table, columns))
        self._attributes.update(column.source for column in columns)
        self._rows += table.num_rows
        self._bytes += table.nbytes

    def take(
        self, share_left: float, first: Container[str] = ()
    ) -> Iterator[tuple[str, pa.Table, tuple[Column, ...]]]:
        """Take out the folders of most rows until no more than a share of all is left.

        A folder comes with its rows, a row group's worth at a time, and their columns; those ``first``
        before all others.
        """
        if not self._rows:
            return
        most_left = self._rows * share_left
        rows_at_once = max(1, self._rows * self._target.row_group_bytes // max(1, self._bytes))
        table, columns = self._as_one()
        left, taken, kept = table.num_rows, list[tuple[str, pa.Array]](), list[pa.Array]()
        for folder, places in by_folder(table, columns, self._target.partition_names):
            if left > most_left:
                taken.append((folder, places))
                left -= len(places)
            else:
                kept.append(places)
        if kept:
            self.add(table.take(pa.concat_arrays(kept)), columns)
        for folder, places in sorted(taken, key=lambda one: one[0] not in first):
            for start in range(0, len(places), rows_at_once):
                yield folder, table.take(places.slice(start, rows_at_once)), columns

    def _as_one(self) -> tuple[pa.Table, tuple[Column, ...]]:
        """All rows in the columns that hold them; none stay collected."""
        columns = self._target.unified(*(columns for _, columns in self._tables))
        table = pa.concat_tables([cast(table, given, columns) for table, given in self._tables])
        self._tables, self._rows, self._bytes = [], 0, 0
        self._attributes.clear()
        return table.combine_chunks(), columns
