"""Typed tables as Parquet and back, one row group in memory at a time."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import BINARY, JSON, Column
from lakeshot.files import Compression
from lakeshot.files.encoder import Sink, Stream
from lakeshot.files.window import Window

_LIKELY_FOOTER_BYTES = 64 * 1024
_LARGEST_DICTIONARY_BYTES = 256 * 1024
"""Arrow gives a larger dictionary up. In a row group of 12 MB such a one saves next to nothing, and
collecting it takes a quarter of the time that texts of which no two are alike take to be written."""
_WITHOUT_ORDER = (JSON, BINARY)
"""Nobody looks for a range of them, and their least and greatest, of any size, are held while they are found.
Arrays have none either: statistics are asked for by names of columns, and those of arrays lie deeper."""
_TRAILER_BYTES = 8
"""A file ends with the footer's length in four little-endian bytes and ``PAR1``."""


class ParquetEncoder:
    """Writes each table as one row group."""

    def __init__(self, sink: Sink, columns: tuple[Column, ...], compression: Compression) -> None:
        self._writer = pq.ParquetWriter(
            pa.PythonFile(sink, mode="w"),
            arrow_schema(columns),
            compression=compression.value,
            dictionary_pagesize_limit=_LARGEST_DICTIONARY_BYTES,
            write_statistics=[column.name for column in columns if column.type not in _WITHOUT_ORDER],
        )

    def write(self, table: pa.Table) -> None:
        """Encode the rows as one row group."""
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


def parquet_tables(
    stream: Stream, columns: tuple[Column, ...], _compression: Compression
) -> Iterator[pa.Table]:
    """The rows of a Parquet file, one row group at a time; its bytes are read once, in order.

    Raises Arrow's errors where the file cannot be decoded.
    """
    window = Window(stream.size, _footer(stream))
    file = pq.ParquetFile(pa.PythonFile(window, mode="r"))
    position = 0
    for index in range(file.num_row_groups):
        end = _row_group_end(file.metadata.row_group(index))
        window.part = position, stream.read(end - position)
        position = end
        yield file.read_row_group(index, columns=[column.name for column in columns], use_threads=False)


def parquet_rows(stream: Stream, _compression: Compression) -> int:
    """How many rows a Parquet file's footer counts; nothing is decompressed.

    The Arrow of the public Lambda layer knows no zstd, so decoding would fail there.
    Raises Arrow's errors where the footer cannot be read.
    """
    window = Window(stream.size, _footer(stream))
    return int(pq.ParquetFile(pa.PythonFile(window, mode="r")).metadata.num_rows)


def _footer(stream: Stream) -> bytes:
    tail = stream.tail(min(stream.size, _LIKELY_FOOTER_BYTES))
    needed = int.from_bytes(tail[-_TRAILER_BYTES:-4], "little") + _TRAILER_BYTES
    return tail if needed <= len(tail) else stream.tail(min(stream.size, needed))


def _row_group_end(group: pq.RowGroupMetaData) -> int:
    ends = [0]
    for index in range(group.num_columns):
        column = group.column(index)
        start = column.data_page_offset
        if column.has_dictionary_page:
            start = min(start, column.dictionary_page_offset)
        ends.append(start + column.total_compressed_size)
    return max(ends)
