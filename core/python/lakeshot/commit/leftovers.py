"""What a run left in S3 beside its snapshot: uploads nobody will complete, files nobody lists."""

from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from lakeshot.errors import CommitError
from lakeshot.listing import listed_sizes
from lakeshot.names import run_token
from lakeshot.refusals import refusals_named

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_DELETED_AT_ONCE = 1_000
"""The most keys one DeleteObjects call takes."""


def abort_uploads(client: "S3Client", bucket: str, prefix: str, run: str) -> None:
    """Abort every multipart upload of a run below a prefix."""
    with refusals_named("s3:ListBucketMultipartUploads", f"s3://{bucket}"):
        pages = list(client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix))
    for upload in (upload for page in pages for upload in page.get("Uploads", [])):
        if not is_of_run(upload["Key"], run):
            continue
        with (
            suppress(client.exceptions.NoSuchUpload),
            refusals_named("s3:AbortMultipartUpload", f"s3://{bucket}/{upload['Key']}"),
        ):
            client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def delete_files(
    client: "S3Client", bucket: str, prefix: str, run: str, *, keep: Collection[str] = ()
) -> None:
    """Delete a run's data files below a prefix except those to keep."""
    found = listed_sizes(client, bucket, prefix)
    keys = [key for key in found if is_of_run(key, run) and key not in keep]
    for start in range(0, len(keys), _DELETED_AT_ONCE):
        objects: list[ObjectIdentifierTypeDef] = [
            {"Key": key} for key in keys[start : start + _DELETED_AT_ONCE]
        ]
        with refusals_named("s3:DeleteObject", f"s3://{bucket}/{prefix}*"):
            answer = client.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        if refused := answer.get("Errors"):
            raise CommitError(
                f"S3 did not delete {len(refused)} files of run {run!r} below s3://{bucket}/{prefix}: "
                f"{refused[0].get('Message')} ({refused[0].get('Key')}); allow s3:DeleteObject and run again"
            )


def is_of_run(key: str, run: str) -> bool:
    """Whether a data file's name carries the run's token."""
    return f"-{run_token(run)}" in key.rpartition("/")[2]
