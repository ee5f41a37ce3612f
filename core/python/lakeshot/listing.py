"""What there is in S3, asked by those who may only list below certain prefixes."""

from typing import TYPE_CHECKING

from lakeshot.errors import PermissionDeniedError
from lakeshot.refusals import refusals_named

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client


def is_listed(client: "S3Client", bucket: str, key: str) -> bool:
    """Whether the object exists.

    S3 tells a missing object from a forbidden one only to those who may list, and neither HEAD nor GET
    carries the prefix by which a job's listing is confined.
    """
    with refusals_named("s3:ListBucket", f"s3://{bucket}/{key}"):
        listed = client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
    return [found["Key"] for found in listed] == [key]


def listed_sizes(client: "S3Client", bucket: str, prefix: str) -> dict[str, int]:
    """The objects whose keys begin with the prefix, in the keys' order, and how many bytes each has."""
    with refusals_named("s3:ListBucket", f"s3://{bucket}/{prefix}"):
        pages = list(client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix))
    return {found["Key"]: found["Size"] for page in pages for found in page.get("Contents", [])}


def body_if_there(client: "S3Client", bucket: str, key: str) -> "StreamingBody | None":
    """The body of an object, or None if there is none.

    For a role whose listing is confined: what S3 calls forbidden is looked for in the listing before it is
    believed.
    """
    try:
        with refusals_named("s3:GetObject", f"s3://{bucket}/{key}"):
            return client.get_object(Bucket=bucket, Key=key)["Body"]
    except client.exceptions.NoSuchKey:
        return None
    except PermissionDeniedError:
        if is_listed(client, bucket, key):
            raise
        return None
