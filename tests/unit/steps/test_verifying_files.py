"""Files are read back and held against the manifest."""

from hashlib import sha256
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import parquet

from lakeshot.commit.manifest import FileEntry, Manifest
from lakeshot.errors import VerificationError
from lakeshot.steps.verifying_files import verify_files
from tests.unit.conftest import BUCKET
from tests.unit.manifests import PREFIX, manifest

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def written(client: "S3Client", number: int, rows: int, *, told: int | None = None) -> FileEntry:
    """A file of so many rows in the bucket, and its entry, which may tell another number."""
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table({"id": [str(row) for row in range(rows)]}), sink)
    body = sink.getvalue().to_pybytes()
    key = f"{PREFIX}part-{number:05}.parquet"
    client.put_object(Bucket=BUCKET, Key=key, Body=body)
    return FileEntry(
        key=key,
        rows=rows if told is None else told,
        bytes=len(body),
        sha256=sha256(body).hexdigest(),
        crc32="",
        etag="",
    )


@pytest.fixture
def committed(s3: "S3Client") -> Manifest:
    """A snapshot of three files."""
    return manifest(rows=6, files=tuple(written(s3, number, number + 1) for number in range(3)))


def test_files_that_are_as_committed_pass(s3: "S3Client", committed: Manifest) -> None:
    """Whoever verifies which share of them."""
    for share in range(2):
        verify_files(s3, committed, share=share, shares=2)


def test_a_file_that_was_replaced_is_noticed(s3: "S3Client", committed: Manifest) -> None:
    """By its bytes; the share that has the file fails, the other one does not."""
    written(s3, 1, 7)
    verify_files(s3, committed, share=0, shares=2)
    with pytest.raises(VerificationError, match=r"part-00001\.parquet is not the file that was committed"):
        verify_files(s3, committed, share=1, shares=2)


def test_a_file_that_is_gone_is_noticed(s3: "S3Client", committed: Manifest) -> None:
    """Named by its place."""
    s3.delete_object(Bucket=BUCKET, Key=committed.files[2].key)
    with pytest.raises(VerificationError, match=r"part-00002\.parquet is gone although it was committed"):
        verify_files(s3, committed, share=0, shares=1)


def test_a_file_with_other_rows_than_were_counted_is_noticed(s3: "S3Client") -> None:
    """Its bytes are those that were written, but what was written was not all."""
    short = manifest(rows=3, files=(written(s3, 0, 2, told=3),))
    with pytest.raises(VerificationError, match="holds 2 rows, 3 were written"):
        verify_files(s3, short, share=0, shares=1)


def test_a_snapshot_without_files_has_nothing_to_verify(s3: "S3Client") -> None:
    """The source table was empty."""
    verify_files(s3, manifest(rows=0), share=0, shares=1)
