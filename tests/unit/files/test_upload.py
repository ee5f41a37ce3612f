"""An upload travels in parts, is described whole, and is seen by nobody before the commit."""

import hashlib
import zlib
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from lakeshot.files.upload import MultipartUpload, part_bytes
from tests.unit.conftest import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1024**2


def test_bytes_become_parts_and_checksums(s3: "S3Client") -> None:
    """Full parts of 8 MiB and a rest, with the checksums of the whole."""
    data = bytes(range(256)) * 4096 * 20
    with MultipartUpload(s3, BUCKET, "a/b") as upload:
        for start in range(0, len(data), 3 * MIB):
            upload.write(data[start : start + 3 * MIB])
        file = upload.finish(rows=7)
    assert (file.key, file.rows, file.bytes) == ("a/b", 7, 20 * MIB)
    assert [part.number for part in file.parts] == [1, 2, 3]
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert file.crc32 == b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
    sizes = s3.list_parts(Bucket=BUCKET, Key="a/b", UploadId=file.upload_id)["Parts"]
    assert [part["Size"] for part in sizes] == [8 * MIB, 8 * MIB, 4 * MIB]


def test_a_finished_upload_is_invisible(s3: "S3Client") -> None:
    """Nothing appears under the key until someone completes the upload."""
    with MultipartUpload(s3, BUCKET, "a/b") as upload:
        upload.write(b"x")
        upload.finish(rows=1)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_an_error_aborts(s3: "S3Client") -> None:
    """A worker that fails leaves no upload behind."""
    upload = MultipartUpload(s3, BUCKET, "a/b")
    upload.write(b"x" * 9 * MIB)
    with pytest.raises(RuntimeError, match="decoder"), upload:
        raise RuntimeError("decoder")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_no_bytes_are_one_empty_part(s3: "S3Client") -> None:
    """S3 completes no upload without a part, so an empty file has one."""
    with MultipartUpload(s3, BUCKET, "a/b") as upload:
        file = upload.finish(rows=0)
    assert ([part.number for part in file.parts], file.bytes) == ([1], 0)


def test_ten_thousand_parts_hold_the_largest_object() -> None:
    """Parts grow so that S3's 10,000 reach 5 TiB, none beyond S3's 5 GiB."""
    assert part_bytes(1) == 8 * MIB
    assert part_bytes(1_000) == 8 * MIB
    assert part_bytes(1_001) == 16 * MIB
    assert sum(part_bytes(number) for number in range(1, 10_001)) >= 5 * 1024**4
    assert part_bytes(10_000) <= 5 * 1024**3
