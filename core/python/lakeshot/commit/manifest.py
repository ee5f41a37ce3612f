"""The list of a snapshot's files, rows, checksums and columns: what verifying and the catalog go by.

Its existence says that all its files are in place. It is written once and never changed.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

from lakeshot.columns.types import Column
from lakeshot.errors import CommitError
from lakeshot.files import Compression, FileFormat
from lakeshot.model import Model
from lakeshot.refusals import error_code, refusals_named
from lakeshot.stored import load

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TAKEN = "PreconditionFailed"


class FileEntry(Model):
    """One data file. ``sha256`` is hex, ``crc32`` and ``etag`` are as S3 writes them."""

    key: str
    rows: int
    bytes: int
    sha256: str
    crc32: str
    etag: str


class Manifest(Model):
    """One run's snapshot as it was committed.

    ``expected_rows`` is what the source said while it was read, and ``expected_from`` says in
    words how it said so. ``columns`` hold the rows of every file; a file may lack some of them,
    which are null in its rows. ``consumed_units`` are the source's read units.
    """

    version: Literal[1] = 1
    export: str
    run: str
    moment: datetime
    snapshot: str
    bucket: str
    prefix: str
    format: FileFormat
    compression: Compression
    columns: tuple[Column, ...]
    schema_fingerprint: str
    rows: int
    bytes: int
    expected_rows: int
    expected_from: str
    consumed_units: float
    started_at: datetime
    finished_at: datetime
    files: tuple[FileEntry, ...]


def save_manifest(client: "S3Client", bucket: str, key: str, manifest: Manifest) -> Manifest:
    """Write the manifest unless there is one; the one that is in place afterwards.

    A manifest that differs only in when it was finished is this run's own from an earlier try.
    Raises CommitError for any other.
    """
    uri = f"s3://{bucket}/{key}"
    body = manifest.model_dump_json().encode()
    try:
        with refusals_named("s3:PutObject", uri):
            client.put_object(
                Bucket=bucket, Key=key, Body=body, ContentType="application/json", IfNoneMatch="*"
            )
    except ClientError as error:
        if error_code(error) != _TAKEN:
            raise
        there = load(client, uri, Manifest)
        if there.model_copy(update={"finished_at": manifest.finished_at}) != manifest:
            raise CommitError(
                f"{uri} already describes another snapshot (run {there.run}, {there.rows} rows) than the one "
                f"to commit (run {manifest.run}, {manifest.rows} rows); nothing was changed, start a new run"
            ) from error
        return there
    return manifest
