"""What an unfinished run leaves in S3, and how it is removed: only files that carry the run's token."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lakeshot.errors import CommitError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_MOST_KEYS_A_CALL = 1_000


def remove_leftovers(client: "S3Client", *, bucket: str, prefix: str, token: str) -> int:
    """Abort the uploads and delete the objects of one run below a prefix; returns how many there were."""
    aborted = 0
    for key, upload_id in _uploads(client, bucket, prefix):
        if f"-{token}." in key:
            client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
            aborted += 1
    return aborted + _delete(
        client, bucket, (key for key in _keys(client, bucket, prefix) if f"-{token}." in key)
    )


def remove_snapshot(client: "S3Client", *, bucket: str, prefix: str) -> int:
    """Delete every object below a snapshot's prefix; returns how many there were."""
    return _delete(client, bucket, _keys(client, bucket, prefix))


def _uploads(client: "S3Client", bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix):
        for upload in page.get("Uploads", []):
            yield upload["Key"], upload["UploadId"]


def _keys(client: "S3Client", bucket: str, prefix: str) -> Iterator[str]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            yield found["Key"]


def _delete(client: "S3Client", bucket: str, keys: Iterator[str]) -> int:
    doomed = list(keys)
    for start in range(0, len(doomed), _MOST_KEYS_A_CALL):
        chunk = doomed[start : start + _MOST_KEYS_A_CALL]
        answer = client.delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": key} for key in chunk], "Quiet": True}
        )
        for error in answer.get("Errors", []):
            raise CommitError(
                f"s3://{bucket}/{error.get('Key')} could not be removed: {error.get('Message')}"
            )
    return len(doomed)
