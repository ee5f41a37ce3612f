"""From a part's batches to as few files as their types and the target size allow."""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

import pyarrow as pa
from pydantic import Field

from lakeshot.columns.changes import row_columns
from lakeshot.columns.names import column_names
from lakeshot.columns.nesting import Nested, refuse_nested
from lakeshot.columns.partition_by import refuse_unpartitionable
from lakeshot.columns.pins import held_to_pins, starting_columns
from lakeshot.columns.schema import unify
from lakeshot.columns.types import NULL, Column, TypeField
from lakeshot.files import BY_POSITION, Compression, FileFormat, suffix
from lakeshot.files.collected_rows import CollectedRows
from lakeshot.files.open_files import OpenFiles
from lakeshot.files.part_file import PartFile
from lakeshot.files.partition_folders import check_key_length
from lakeshot.model import Model
from lakeshot.names import run_token

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


class Target(Model):
    """Where a run's files go and how large they get.

    ``row_group_bytes`` is memory collected before it is encoded, ``row_group_cells`` the rows times
    columns it may make: a cell takes room in a typed column, also where there is no value.
    ``file_bytes`` is the size at which a file is closed. ``known_columns`` are the last published ones:
    files start from them, and they keep their names and places. ``first`` are the attributes whose
    columns lead the new ones, such as a table's keys. ``pins`` are the types that attributes have
    whatever was published. ``partition_by`` are the attributes whose values folders hold, not files;
    ``collected_bytes`` is memory that rows take before the folders of most rows are written, and
    ``open_files`` how many files one part writes at once, each with two parts of its upload in memory.
    """

    bucket: str
    prefix: str
    run: str
    format: FileFormat
    compression: Compression
    nested: Nested = Nested.JSON
    known_columns: tuple[Column, ...] = ()
    first: tuple[str, ...] = ()
    pins: Mapping[str, TypeField] = Field(default_factory=dict)
    partition_by: tuple[str, ...] = ()
    row_group_bytes: int = 12 * 1024**2
    row_group_cells: int = 32 * 1024**2
    file_bytes: int = 256 * 1024**2
    collected_bytes: int = 128 * 1024**2
    open_files: int = 16

    @property
    def starting_columns(self) -> tuple[Column, ...]:
        """The columns that every file has, whatever its rows hold, and those that folders hold."""
        known = {column.source for column in self.known_columns}
        partitions = (
            Column(name=name, source=source, type=NULL)
            for source, name in self.partition_names.items()
            if source not in known
        )
        return (*starting_columns(self.known_columns, self.pins), *partitions)

    @property
    def partition_names(self) -> Mapping[str, str]:
        """What folders and table call the attributes to partition by, in their order.

        They are named before all others that are new, because no file may know of these yet.
        """
        names = column_names(self.partition_by, {column.source: column.name for column in self.known_columns})
        return {source: names[source] for source in self.partition_by}

    def unified(self, *schemas: Sequence[Column]) -> tuple[Column, ...]:
        """The columns that hold the rows of all schemas, under the names that were published."""
        return unify(schemas, first=self.first, published=self.known_columns, named=self.partition_names)

    def accepted(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """The very columns; NestedValuesError if one of the rows' own is JSON text and that is refused.

        PartitionError if one of those to partition by has values that cannot name folders.
        """
        refuse_unpartitionable(columns, self.partition_by)
        if self.nested is Nested.REFUSE:
            refuse_nested(row_columns(columns), self.format)
        return columns

    def in_files(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """The columns without those that folders hold."""
        return tuple(column for column in columns if column.source not in self.partition_by)

    def stored(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """The columns a file really has: nothing but nulls needs no room, and no type before one is known.

        Where a column is its place in the line, it has a place all the same.
        """
        in_files = self.in_files(columns)
        if self.format in BY_POSITION:
            return in_files
        return tuple(column for column in in_files if column.type != NULL)

    def key(self, part: int, number: int, folder: str = "") -> str:
        """Key of a part's file, the same for every attempt at it; PartitionError if it is too long."""
        ending = suffix(self.format, self.compression)
        key = f"{self.prefix}{folder}part-{part:05d}-{number:04d}-{run_token(self.run)}.{ending}"
        check_key_length(key, self.partition_by)
        return key


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
