"""From blocks of whole rows in COPY's text format to typed columns."""

import re
from collections.abc import Sequence
from functools import reduce

import pyarrow as pa
import pyarrow.csv

from lakeshot.columns.schema import arrow_schema, cast
from lakeshot.columns.types import Column, widen
from lakeshot.errors import SourceError
from lakeshot.postgres.column_types import ReadColumn
from lakeshot.postgres.decoding import HOPEFUL, decoded, is_decoded, parsed_as

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What Arrow takes off the start of whatever it parses. A block begins with one for that, so that a first
value that begins with one keeps it."""
_LARGEST_BLOCK = 2**31 - 1
_PARSE = pyarrow.csv.ParseOptions(
    delimiter="\t", quote_char=False, escape_char=False, newlines_in_values=False, ignore_empty_lines=False
)
_NULL = r"\N"
"""A text of these characters has another backslash before."""
_COLUMN = re.compile(r"In CSV column #([0-9]+)")


class Rows:
    """The rows of one block as one table, and its columns."""

    def __init__(self, table: pa.Table, columns: tuple[Column, ...]) -> None:
        self.table, self.columns = table, columns
        self.num_rows, self.nbytes = table.num_rows, table.nbytes
        self.column_names: Sequence[str] = table.column_names


class BlockParser:
    """Parses the blocks of one query, whose columns are these in this order.

    What Arrow reads only in most cases is hoped for until a block disappoints; from then on, it is read as
    text and looked at.
    """

    def __init__(self, columns: Sequence[ReadColumn]) -> None:
        self._reads = tuple(columns)
        self._columns = tuple(read.column for read in columns)
        self._schema = arrow_schema(self._columns)
        self._to_decode = [(index, read) for index, read in enumerate(columns) if is_decoded(read)]
        self._names = [f"f{index}" for index in range(len(columns))]
        self._read = pyarrow.csv.ReadOptions(
            use_threads=False, block_size=_LARGEST_BLOCK, column_names=self._names
        )
        self._hopeful = any(read.decoding in HOPEFUL for read in columns)
        self._convert = self._options(hopeful=self._hopeful)

    def parse(self, block: bytes) -> Rows:
        """The rows of a block, which begins with a byte order mark.

        SourceError, which tells no value, if a column has one that is not of its type.
        """
        if self._hopeful:
            try:
                return self._typed(self._parsed(block))
            except pa.ArrowInvalid:
                self._hopeful = False
                self._convert = self._options(hopeful=False)
        try:
            return self._typed(self._parsed(block))
        except pa.ArrowInvalid as error:
            raise self._unreadable(str(error)) from None  # its message shows the value

    def _parsed(self, block: bytes) -> pa.Table:
        return pyarrow.csv.read_csv(
            pa.BufferReader(block),
            read_options=self._read,
            parse_options=_PARSE,
            convert_options=self._convert,
        )

    def _options(self, *, hopeful: bool) -> pyarrow.csv.ConvertOptions:
        types = [parsed_as(read, hopeful=hopeful) for read in self._reads]
        return pyarrow.csv.ConvertOptions(
            column_types=dict(zip(self._names, types, strict=True)),
            null_values=[_NULL],
            strings_can_be_null=True,
            true_values=["t"],
            false_values=["f"],
        )

    def _typed(self, parsed: pa.Table) -> Rows:
        arrays, wider = parsed.columns, dict[int, Column]()
        for index, read in self._to_decode:
            arrays[index], column_type = decoded(arrays[index].chunk(0), read)
            if column_type != read.column.type:
                wider[index] = read.column.model_copy(update={"type": column_type})
        if not wider:
            return Rows(pa.Table.from_arrays(arrays, schema=self._schema), self._columns)
        columns = tuple(wider.get(index, column) for index, column in enumerate(self._columns))
        return Rows(pa.Table.from_arrays(arrays, schema=arrow_schema(columns)), columns)

    def _unreadable(self, message: str) -> SourceError:
        found = _COLUMN.search(message)
        where = f"column {self._columns[int(found[1])].source!r}" if found else "a row"
        if "UTF8" in message:
            return SourceError(
                f"{where} has a text that is not UTF-8, which a database of the encoding SQL_ASCII does not "
                "prevent; correct it there, or select convert_from(column, encoding)"
            )
        return SourceError(f"{where} is not as its type says; please report this as a defect")


def typed(batches: Sequence[Rows]) -> tuple[pa.Table, tuple[Column, ...]]:
    """All rows in the columns that hold them."""
    first = batches[0].columns
    if all(batch.columns is first for batch in batches):
        return pa.concat_tables([batch.table for batch in batches]), first
    columns = tuple(
        same[0].model_copy(update={"type": reduce(widen, (column.type for column in same))})
        for same in zip(*(batch.columns for batch in batches), strict=True)
    )
    return pa.concat_tables([cast(batch.table, batch.columns, columns) for batch in batches]), columns
