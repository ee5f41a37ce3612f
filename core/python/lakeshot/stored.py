"""Small documents in S3 (plans, manifests): one model per object, as JSON."""

from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError
from pydantic import ValidationError

from lakeshot.errors import CommitError
from lakeshot.model import Model
from lakeshot.names import split_s3_uri
from lakeshot.refusals import error_code, refusals_named

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

Document = TypeVar("Document", bound=Model)


def put_once(client: "S3Client", uri: str, body: bytes, *, tries: int = 5) -> bool:
    """Write a JSON document's bytes unless there is one; True if they are in place by this.

    ``tries`` is how often it may meet another writer who is at it that very moment.
    """
    bucket, key = split_s3_uri(uri)
    try:
        with refusals_named("s3:PutObject", uri):
            client.put_object(
                Bucket=bucket, Key=key, Body=body, ContentType="application/json", IfNoneMatch="*"
            )
    except ClientError as error:
        if error_code(error) == "ConditionalRequestConflict" and tries > 1:
            return put_once(client, uri, body, tries=tries - 1)
        if error_code(error) != "PreconditionFailed":
            raise
        return False
    return True


def read(client: "S3Client", uri: str) -> bytes | None:
    """The bytes of a document, or None if there is none."""
    bucket, key = split_s3_uri(uri)
    try:
        with refusals_named("s3:GetObject", uri):
            return client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except client.exceptions.NoSuchKey:
        return None


def save_once(client: "S3Client", uri: str, document: Document) -> Document:
    """Write a document unless there is one; the one that is in place afterwards."""
    if put_once(client, uri, document.model_dump_json(indent=1).encode()):
        return document
    return load(client, uri, type(document))


def load(client: "S3Client", uri: str, model: type[Document]) -> Document:
    """Read a document; CommitError if it is missing or was changed into something else."""
    found = load_if_there(client, uri, model)
    if found is None:
        raise CommitError(f"{uri} is gone, so this run cannot go on; start a new run")
    return found


def load_if_there(client: "S3Client", uri: str, model: type[Document]) -> Document | None:
    """Read a document, or None if there is none; CommitError if it was changed into something else."""
    body = read(client, uri)
    if body is None:
        return None
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise CommitError(
            f"{uri} was changed after it was written and cannot be trusted; start a new run"
        ) from error
