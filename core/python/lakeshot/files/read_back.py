"""What a reader finds in a data file, read from S3 rather than remembered from writing it."""

import zlib
from typing import TYPE_CHECKING

import pyarrow as pa

from lakeshot.errors import VerificationError
from lakeshot.files import Compression, FileFormat
from lakeshot.files.json_lines import plain_bytes
from lakeshot.files.object_stream import ObjectStream
from lakeshot.files.parquet import parquet_rows
from lakeshot.model import Model

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class ReadBack(Model):
    """Rows that the file holds, and size and SHA-256 (hex) of its bytes."""

    rows: int
    bytes: int
    sha256: str


def read_back(
    client: "S3Client", bucket: str, key: str, file_format: FileFormat, compression: Compression
) -> ReadBack:
    """Read one whole file once, in bounded memory.

    Raises VerificationError if it cannot be decoded.
    """
    stream = ObjectStream(client, bucket, key)
    try:
        if file_format is FileFormat.PARQUET:
            rows = parquet_rows(stream)
        else:
            rows = sum(text.count(b"\n") for text in plain_bytes(stream, compression))
    except (pa.ArrowException, OSError, EOFError, zlib.error) as error:
        raise VerificationError(
            f"s3://{bucket}/{key} is not a readable {file_format.value} file: {error}; "
            "the file was damaged after it was written, so run the export again"
        ) from error
    stream.drain()
    return ReadBack(rows=rows, bytes=stream.position, sha256=stream.sha256)
