"""From a part's batches to as few files as their types and the target size allow."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

import pyarrow as pa

from lakeshot.columns.pins import held_to_pins
from lakeshot.columns.types import Column
from lakeshot.files.collected_rows import CollectedRows
from lakeshot.files.open_files import OpenFiles
from lakeshot.files.part_file import PartFile
from lakeshot.files.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Batch(Protocol):
    """Rows as a source hands them over, such as an Arrow table."""

    @property
    def num_rows(self) -> int:
        """Rows that it will make."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""

    @property
    def column_names(self) -> Sequence[str]:
        """The source's names of the columns that its rows have values in."""


BatchT = TypeVar("BatchT", bound=Batch)
Typing = Callable[[Sequence[BatchT]], tuple[pa.Table, tuple[Column, ...]]]
"""Turns the raw batches of a source into one typed table and its columns."""


class PartWriter(Generic[BatchT]):
    """Collects one part's batches, types a row group's worth at once and writes it.

    A new file begins where the current one reached its size, or lacks or is too narrow for a
    column that holds a value. Leaving the context by an error aborts every upload of this writer.
    Where rows are partitioned, row groups are collected until folders have many rows. PinnedTypeError as soon
    as a row group holds what an attribute's pinned type does not, NestedValuesError as soon as one holds what
    the target refuses, PartitionError as soon as one has values of types that cannot name folders.
    """

    def __init__(self, client: "S3Client", target: Target, part: int, typed: Typing[BatchT]) -> None:
        self._target, self._typed = target, typed
        self._batches: list[BatchT] = []
        self._batch_bytes = self._batch_rows = 0
        self._batch_columns: set[str] = set()
        self._columns = target.starting_columns
        self._collected = CollectedRows(target)
        self._files = OpenFiles(client, target, part)

    @property
    def bytes_written(self) -> int:
        """Bytes handed to S3 so far, in all files of the part."""
        return self._files.bytes_written

    def write(self, batch: BatchT) -> None:
        """Take one raw batch, one row per row to be written."""
        columns = self._batch_columns.union(batch.column_names)
        if (self._batch_rows + batch.num_rows) * len(columns) > self._target.row_group_cells:
            self._write_row_group()
        self._batches.append(batch)
        self._batch_bytes += batch.nbytes
        self._batch_rows += batch.num_rows
        self._batch_columns.update(batch.column_names)
        if self._batch_bytes >= self._target.row_group_bytes:
            self._write_row_group()

    def finish(self) -> tuple[PartFile, ...]:
        """Write what was collected and describe all files; none if there was no row."""
        self._write_row_group()
        self._write_collected()
        return self._files.finish()

    def __enter__(self) -> Self:
        self._files.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(kind, error, trace)

    def _write_row_group(self) -> None:
        batches = [batch for batch in self._batches if batch.num_rows]
        self._batches, self._batch_bytes, self._batch_rows = [], 0, 0
        self._batch_columns.clear()
        if not batches:
            return
        table, columns = self._typed(batches)
        del batches
        wanted = held_to_pins(columns, self._target.pins)
        self._columns = self._target.accepted(self._target.unified(self._columns, wanted))
        if not self._target.partition_by:
            self._files.write("", table, columns, self._columns)
            return
        if not self._collected.have_room(table, columns):
            self._write_collected()
        self._collected.add(table, columns)
        if self._collected.are_enough:
            self._write_collected(share_left=0.5)

    def _write_collected(self, share_left: float = 0.0) -> None:
        """Write collected rows; those first whose files are open, because others may end these."""
        for folder, rows, columns in self._collected.take(share_left, first=self._files):
            self._files.write(folder, rows, columns, self._columns)
