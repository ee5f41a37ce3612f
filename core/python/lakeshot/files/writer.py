"""From a part's batches to as few files as their types and the target size allow."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

import pyarrow as pa
from pydantic import Field

from lakeshot.columns.changes import row_columns
from lakeshot.columns.nesting import Nested, refuse_nested
from lakeshot.columns.pins import held_to_pins, starting_columns
from lakeshot.columns.schema import cast, unify
from lakeshot.columns.types import NULL, Column, TypeField
from lakeshot.files import BY_POSITION, Compression, FileFormat, suffix
from lakeshot.files.encoder import Encoder
from lakeshot.files.formats import ENCODERS
from lakeshot.files.part_file import PartFile
from lakeshot.files.upload import MultipartUpload
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
    whatever was published.
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
    row_group_bytes: int = 12 * 1024**2
    row_group_cells: int = 32 * 1024**2
    file_bytes: int = 256 * 1024**2

    @property
    def starting_columns(self) -> tuple[Column, ...]:
        """The columns that every file has, whatever its rows hold."""
        return starting_columns(self.known_columns, self.pins)

    def unified(self, *schemas: Sequence[Column]) -> tuple[Column, ...]:
        """The columns that hold the rows of all schemas, under the names that were published."""
        return unify(schemas, first=self.first, published=self.known_columns)

    def accepted(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """The very columns; NestedValuesError if one of the rows' own is JSON text and that is refused."""
        if self.nested is Nested.REFUSE:
            refuse_nested(row_columns(columns), self.format)
        return columns

    def stored(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """The columns a file really has: nothing but nulls needs no room, and no type before one is known.

        Where a column is its place in the line, it has a place all the same.
        """
        if self.format in BY_POSITION:
            return tuple(columns)
        return tuple(column for column in columns if column.type != NULL)

    def key(self, part: int, number: int) -> str:
        """Key of a part's file, the same for every attempt at it."""
        ending = suffix(self.format, self.compression)
        return f"{self.prefix}part-{part:05d}-{number:04d}-{run_token(self.run)}.{ending}"


class _OpenFile:
    """A file that is being written, and the columns it was opened with."""

    def __init__(self, client: "S3Client", target: Target, key: str, columns: tuple[Column, ...]) -> None:
        self.columns, self.rows = columns, 0
        self.stored = target.stored(columns)
        self._target, self._filled = target, set[str]()
        self.upload = MultipartUpload(client, target.bucket, key)
        self._encoder: Encoder = ENCODERS[target.format](self.upload, self.stored, target.compression)

    def write(self, table: pa.Table, columns: tuple[Column, ...]) -> None:
        self.columns = self._target.unified(self.columns, columns)
        present = self._target.stored(columns)
        self._encoder.write(cast(table.select([column.name for column in present]), present, self.stored))
        self._filled.update(
            column.source for column in present if table.column(column.name).null_count < table.num_rows
        )
        self.rows += table.num_rows

    def finish(self) -> PartFile:
        self._encoder.close()
        return PartFile.of(self.upload.finish(self.rows), self.columns, self._filled)


class PartWriter(Generic[BatchT]):
    """Collects one part's batches, types a row group's worth at once and writes it.

    A new file begins where the current one reached its size, or lacks or is too narrow for a
    column that holds a value. Leaving the context by an error aborts every upload of this writer.
    PinnedTypeError as soon as a row group holds what an attribute's pinned type does not,
    NestedValuesError as soon as one holds what the target refuses.
    """

    def __init__(self, client: "S3Client", target: Target, part: int, typed: Typing[BatchT]) -> None:
        self._client, self._target, self._part, self._typed = client, target, part, typed
        self._batches: list[BatchT] = []
        self._batch_bytes = self._batch_rows = 0
        self._batch_columns: set[str] = set()
        self._columns = target.starting_columns
        self._file: _OpenFile | None = None
        self._finished: list[PartFile] = []
        self._uploads = ExitStack()

    @property
    def bytes_written(self) -> int:
        """Bytes handed to S3 so far, in all files of the part."""
        open_bytes = self._file.upload.tell() if self._file else 0
        return open_bytes + sum(file.bytes for file in self._finished)

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
        self._finish_file()
        return tuple(self._finished)

    def __enter__(self) -> Self:
        self._uploads.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._uploads.__exit__(kind, error, trace)

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
        file = self._file
        if file is None or self._target.stored(self._target.unified(file.columns, wanted)) != file.stored:
            self._finish_file()
            file = self._file = self._open_file()
        file.write(table, columns)
        if file.upload.tell() >= self._target.file_bytes:
            self._finish_file()

    def _open_file(self) -> _OpenFile:
        key = self._target.key(self._part, len(self._finished))
        file = _OpenFile(self._client, self._target, key, self._columns)
        self._uploads.enter_context(file.upload)
        return file

    def _finish_file(self) -> None:
        if self._file is not None:
            self._finished.append(self._file.finish())
            self._file = None
