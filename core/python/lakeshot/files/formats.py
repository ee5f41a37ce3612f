"""Which code writes which format and reads it again. A new format is a file, and a line in each table."""

from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa

from lakeshot.columns.types import Column
from lakeshot.files import Compression, FileFormat, copy_binary
from lakeshot.files.avro import AvroEncoder, avro_tables
from lakeshot.files.csv_lines import CsvEncoder, csv_tables
from lakeshot.files.encoder import Encoder, Stream
from lakeshot.files.json_lines import JsonLinesEncoder, json_lines_tables
from lakeshot.files.orc import OrcEncoder, orc_tables
from lakeshot.files.parquet import ParquetEncoder, parquet_tables

ENCODERS: Mapping[FileFormat, type[Encoder]] = {
    FileFormat.PARQUET: ParquetEncoder,
    FileFormat.ORC: OrcEncoder,
    FileFormat.AVRO: AvroEncoder,
    FileFormat.JSON: JsonLinesEncoder,
    FileFormat.CSV: CsvEncoder,
}
EMPTY: Mapping[FileFormat, bytes] = {FileFormat.TEXT: b"", FileFormat.BINARY: copy_binary.EMPTY}
"""What a file without rows is in formats that only databases write."""
Reader = Callable[[Stream, tuple[Column, ...], Compression], Iterator[pa.Table]]
"""The rows of a file that was written with these columns, as typed tables, in bounded memory."""
READERS: Mapping[FileFormat, Reader] = {
    FileFormat.PARQUET: parquet_tables,
    FileFormat.ORC: orc_tables,
    FileFormat.AVRO: avro_tables,
    FileFormat.JSON: json_lines_tables,
    FileFormat.CSV: csv_tables,
}
