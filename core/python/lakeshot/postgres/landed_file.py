"""A file that the database wrote, read back: its rows, its checksum, and the types its values really have."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv

from lakeshot.columns.types import Column, ColumnType, widen
from lakeshot.errors import SourceError
from lakeshot.files import Compression
from lakeshot.files.copy_binary import copy_binary_rows
from lakeshot.files.csv_lines import NULL
from lakeshot.files.delimited import Delimited
from lakeshot.files.object_stream import ObjectStream
from lakeshot.files.part_file import PartFile
from lakeshot.files.target import Target
from lakeshot.files.text_lines import whole_lines
from lakeshot.files.upload import UncommittedFile
from lakeshot.postgres.column_types import Decoding, ReadColumn
from lakeshot.postgres.decoding import decoded
from lakeshot.postgres.text_blocks import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def landed_file(
    s3: "S3Client",
    target: Target,
    key: str,
    *,
    columns: Sequence[ReadColumn],
    delimited: Delimited | None,
) -> PartFile:
    """Read a whole file once, in bounded memory; SourceError if it cannot be read as what it should be."""
    stream = ObjectStream(s3, target.bucket, key)
    found = _Found(columns)
    try:
        if delimited is None:
            found.rows = copy_binary_rows(stream, Compression.NONE)
            found.filled.update(read.column.source for read in columns)
        else:
            for table in _tables(stream, len(columns), delimited):
                found.take(table)
    except (pa.ArrowInvalid, EOFError, ValueError) as error:
        raise SourceError(
            f"s3://{target.bucket}/{key}, which the database has written, cannot be read as {target.format}: "
            f"{type(error).__name__}; run again, and report this as a defect if it happens again"
        ) from None  # the message may show values
    stream.drain()
    file = UncommittedFile(
        key=key,
        upload_id="",
        parts=(),
        rows=found.rows,
        bytes=stream.position,
        sha256=stream.sha256,
        crc32="",
        landed_etag=stream.etag,
    )
    return PartFile.of(file, [*found.columns()], found.filled)


class _Found:
    """What the rows of a file are, as far as it was read."""

    def __init__(self, columns: Sequence[ReadColumn]) -> None:
        self._columns, self.rows = columns, 0
        self.filled: set[str] = set()
        self._types: list[ColumnType] = [read.column.type for read in columns]

    def take(self, table: pa.Table) -> None:
        self.rows += table.num_rows
        for index, read in enumerate(self._columns):
            values = table.column(index)
            if values.null_count == len(values):
                continue
            self.filled.add(read.column.source)
            if read.decoding is not Decoding.AS_IS:
                _, found = decoded(values.combine_chunks(), read)
                self._types[index] = widen(self._types[index], found)

    def columns(self) -> Iterator[Column]:
        for read, column_type in zip(self._columns, self._types, strict=True):
            yield read.column.model_copy(update={"type": column_type})


def _tables(stream: ObjectStream, width: int, delimited: Delimited) -> Iterator[pa.Table]:
    """The file's fields as texts, some megabytes of rows at a time."""
    names = [f"f{index}" for index in range(width)]
    parse = pyarrow.csv.ParseOptions(
        delimiter=delimited.delimiter, quote_char=False, escape_char=False, ignore_empty_lines=False
    )
    convert = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), null_values=[NULL], strings_can_be_null=True
    )
    skip = delimited.header_lines
    for lines in whole_lines(stream, Compression.NONE):
        rows = lines.partition(b"\n")[2] if skip else lines
        skip = 0
        if not rows:
            continue
        read = pyarrow.csv.ReadOptions(
            column_names=names, block_size=len(rows) + len(BYTE_ORDER_MARK) + 1, use_threads=False
        )
        yield pyarrow.csv.read_csv(
            pa.BufferReader(BYTE_ORDER_MARK + rows),
            read_options=read,
            parse_options=parse,
            convert_options=convert,
        )
