"""The moment a file becomes visible: its upload is completed, once, by whoever holds the lock."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lakeshot.commit.manifest import FileEntry
from lakeshot.errors import CommitError
from lakeshot.files.upload import UncommittedFile
from lakeshot.listing import is_listed
from lakeshot.refusals import error_code, refusals_named

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

Guard = Callable[[], None]
"""Raises LockLostError when this run may change nothing any more."""


def complete(client: "S3Client", bucket: str, file: UncommittedFile, guard: Guard) -> FileEntry:
    """Make a file visible; it may have been made so by an earlier try of the same commit.

    One that landed in its place is only looked at. Raises CommitError if S3 has neither the upload nor the
    very same file.
    """
    uri = f"s3://{bucket}/{file.key}"
    guard()
    if file.landed_etag is not None:
        return _landed(client, bucket, file)
    try:
        with refusals_named("s3:PutObject", uri):
            etag = client.complete_multipart_upload(
                Bucket=bucket,
                Key=file.key,
                UploadId=file.upload_id,
                ChecksumCRC32=file.crc32,
                ChecksumType="FULL_OBJECT",
                MpuObjectSize=file.bytes,
                MultipartUpload={
                    "Parts": [
                        {"PartNumber": part.number, "ETag": part.etag, "ChecksumCRC32": part.crc32}
                        for part in file.parts
                    ]
                },
            )["ETag"]
    except ClientError as error:
        there = head(client, bucket, file.key) if error_code(error) == "NoSuchUpload" else None
        if there is None or (there["ContentLength"], there.get("ChecksumCRC32")) != (file.bytes, file.crc32):
            raise CommitError(
                f"{uri} cannot be completed: {error}. If its upload was aborted meanwhile, this snapshot "
                "cannot be finished; start a new run"
            ) from error
        etag = there["ETag"]
    return FileEntry(
        key=file.key, rows=file.rows, bytes=file.bytes, sha256=file.sha256, crc32=file.crc32, etag=etag
    )


def _landed(client: "S3Client", bucket: str, file: UncommittedFile) -> FileEntry:
    there = head(client, bucket, file.key)
    if there is None or (there["ContentLength"], there["ETag"]) != (file.bytes, file.landed_etag):
        raise CommitError(
            f"s3://{bucket}/{file.key} is not there any more as the database wrote it: somebody has removed "
            "or changed it; nothing was made visible, start a new run"
        )
    return FileEntry(
        key=file.key,
        rows=file.rows,
        bytes=file.bytes,
        sha256=file.sha256,
        crc32=there.get("ChecksumCRC32", ""),
        etag=there["ETag"],
    )


def head(client: "S3Client", bucket: str, key: str) -> "HeadObjectOutputTypeDef | None":
    """What S3 says of an object, or None if there is none."""
    if not is_listed(client, bucket, key):
        return None
    try:
        with refusals_named("s3:GetObject", f"s3://{bucket}/{key}"):
            return client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if error_code(error) in ("404", "NoSuchKey", "NotFound"):
            return None
        raise
