"""Reading back finds what is really in a file, and notices damage."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lakeshot.columns.types import STRING, Column
from lakeshot.errors import VerificationError
from lakeshot.files import TEXT_FORMATS, Compression, FileFormat, compressions
from lakeshot.files.copy_binary import EMPTY
from lakeshot.files.formats import ENCODERS
from lakeshot.files.read_back import read_back
from tests.unit.conftest import BUCKET
from tests.unit.files.every_type import InMemory

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

COLUMNS = (Column(name="a", source="a", type=STRING), Column(name="b", source="b", type=STRING))
ALL = [(file_format, compression) for file_format in ENCODERS for compression in compressions(file_format)]


def file(file_format: FileFormat, compression: Compression, groups: Sequence[int] = (30_000, 7)) -> bytes:
    """A file with so many rows in each row group."""
    sink = InMemory()
    encoder = ENCODERS[file_format](sink, COLUMNS, compression)
    for rows in groups:
        texts = [hashlib.sha256(str(row).encode()).hexdigest() for row in range(rows)]
        encoder.write(pa.table({"a": texts, "b": pa.nulls(rows, pa.string())}))
    encoder.close()
    return sink.getvalue()


@pytest.mark.parametrize(("file_format", "compression"), ALL)
def test_rows_bytes_and_checksum_are_found(
    s3: "S3Client", file_format: FileFormat, compression: Compression
) -> None:
    """Every row group of every format is counted, and the digest is of the whole object."""
    body = file(file_format, compression)
    s3.put_object(Bucket=BUCKET, Key="f", Body=body)
    back = read_back(s3, BUCKET, "f", file_format, compression)
    assert (back.rows, back.bytes, back.sha256) == (30_007, len(body), hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize(("body", "rows"), [(b"id,text\n1,a\n2,b\n", 2), (b"id,text\n", 0), (b"", 0)])
def test_a_header_is_no_row(s3: "S3Client", body: bytes, rows: int) -> None:
    """One line of each file; a file of no bytes has neither rows nor a header."""
    s3.put_object(Bucket=BUCKET, Key="f", Body=body)
    back = read_back(s3, BUCKET, "f", FileFormat.CSV, Compression.NONE, header_lines=1)
    assert (back.rows, back.bytes) == (rows, len(body))


def test_a_binary_file_that_ends_too_soon_is_refused(s3: "S3Client") -> None:
    """Its rows are those of a whole file or none."""
    s3.put_object(Bucket=BUCKET, Key="f", Body=EMPTY)
    back = read_back(s3, BUCKET, "f", FileFormat.BINARY, Compression.NONE)
    assert (back.rows, back.sha256) == (0, hashlib.sha256(EMPTY).hexdigest())
    s3.put_object(Bucket=BUCKET, Key="f", Body=EMPTY[:-1])
    with pytest.raises(VerificationError, match=f"s3://{BUCKET}/f is not a readable binary file: the file"):
        read_back(s3, BUCKET, "f", FileFormat.BINARY, Compression.NONE)


def test_a_footer_of_many_columns_is_read_whole(s3: "S3Client") -> None:
    """1,600 columns make a footer larger than the first guess of its size."""
    columns = tuple(Column(name=f"c{n}", source=f"c{n}", type=STRING) for n in range(1_600))
    sink = InMemory()
    encoder = ENCODERS[FileFormat.PARQUET](sink, columns, Compression.SNAPPY)
    encoder.write(pa.table({column.name: ["x"] for column in columns}))
    encoder.close()
    s3.put_object(Bucket=BUCKET, Key="f", Body=sink.getvalue())
    assert read_back(s3, BUCKET, "f", FileFormat.PARQUET, Compression.SNAPPY).rows == 1


COUNTED = [one for one in ALL if one[0] not in TEXT_FORMATS or one[1] is not Compression.NONE]
"""All whose files say where they end; plain text is told by its checksum."""


@pytest.mark.parametrize(("file_format", "compression"), COUNTED)
@pytest.mark.parametrize("lost", [1, 9, 1000])
def test_a_truncated_file_is_refused(
    s3: "S3Client", file_format: FileFormat, compression: Compression, lost: int
) -> None:
    """Lost bytes are an error that names the file, never a smaller count."""
    s3.put_object(Bucket=BUCKET, Key="f", Body=file(file_format, compression)[:-lost])
    with pytest.raises(
        VerificationError, match=f"s3://{BUCKET}/f is not a readable {file_format.value} file"
    ):
        read_back(s3, BUCKET, "f", file_format, compression)


@pytest.mark.parametrize(("file_format", "compression"), COUNTED)
def test_nothing_and_something_else_are_refused(
    s3: "S3Client", file_format: FileFormat, compression: Compression
) -> None:
    """Neither an empty object nor another file's bytes are taken for a file of no rows."""
    for body in (b"something else entirely, and long enough to hold any end", b"?"):
        s3.put_object(Bucket=BUCKET, Key="f", Body=body)
        with pytest.raises(VerificationError, match=f"is not a readable {file_format.value} file"):
            read_back(s3, BUCKET, "f", file_format, compression)


def test_a_changed_byte_changes_the_checksum(s3: "S3Client") -> None:
    """What still decodes is caught by the digest."""
    body = file(FileFormat.JSON, Compression.NONE)
    s3.put_object(Bucket=BUCKET, Key="f", Body=body.replace(b"5", b"6", 1))
    back = read_back(s3, BUCKET, "f", FileFormat.JSON, Compression.NONE)
    assert back.rows == 30_007
    assert back.sha256 != hashlib.sha256(body).hexdigest()
