"""Where a run's files go, what their columns are called, and how large they get."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from lakeshot.columns.changes import row_columns
from lakeshot.columns.names import column_names
from lakeshot.columns.nesting import Nested, refuse_nested
from lakeshot.columns.partition_by import refuse_unpartitionable
from lakeshot.columns.pins import starting_columns
from lakeshot.columns.schema import unify
from lakeshot.columns.types import NULL, Column, TypeField
from lakeshot.files import BY_POSITION, Compression, FileFormat, suffix
from lakeshot.files.delimited import Delimited
from lakeshot.files.partition_folders import check_key_length
from lakeshot.model import Model
from lakeshot.names import run_token


class Target(Model):
    """Where a run's files go and how large they get.

    ``delimited`` says how lines are made up where the format leaves that open.
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
    delimited: Delimited | None = None
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
