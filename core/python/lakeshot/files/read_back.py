"""What a reader finds in a data file, read from S3 rather than remembered from writing it.

Runs where only the public Lambda layers are: rows are counted by what each format says of itself, with
neither Arrow's ORC reader nor an Avro library.
"""

import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from lakeshot.errors import VerificationError
from lakeshot.files import Compression, FileFormat
from lakeshot.files.avro_container import avro_rows
from lakeshot.files.copy_binary import copy_binary_rows
from lakeshot.files.encoder import Stream
from lakeshot.files.object_stream import ObjectStream
from lakeshot.files.orc_footer import orc_rows
from lakeshot.files.parquet import parquet_rows
from lakeshot.files.text_lines import line_count
from lakeshot.model import Model

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


_COUNTS: Mapping[FileFormat, Callable[[Stream, Compression], int]] = {
    FileFormat.PARQUET: parquet_rows,
    FileFormat.ORC: orc_rows,
    FileFormat.AVRO: avro_rows,
    FileFormat.JSON: line_count,
    FileFormat.CSV: line_count,
    FileFormat.TEXT: line_count,
    FileFormat.BINARY: copy_binary_rows,
}


class ReadBack(Model):
    """Rows that the file holds, and size and SHA-256 (hex) of its bytes."""

    rows: int
    bytes: int
    sha256: str


def read_back(
    client: "S3Client",
    bucket: str,
    key: str,
    file_format: FileFormat,
    compression: Compression,
    *,
    header_lines: int = 0,
) -> ReadBack:
    """Read one whole file once, in bounded memory; ``header_lines`` at its beginning are no rows.

    Raises VerificationError if it cannot be decoded.
    """
    stream = ObjectStream(client, bucket, key)
    try:
        rows = max(0, _COUNTS[file_format](stream, compression) - header_lines)
    except (pa.ArrowException, OSError, EOFError, ValueError, zlib.error) as error:
        raise VerificationError(
            f"s3://{bucket}/{key} is not a readable {file_format.value} file: {error}; "
            "the file was damaged after it was written, so run the export again"
        ) from error
    stream.drain()
    return ReadBack(rows=rows, bytes=stream.position, sha256=stream.sha256)
