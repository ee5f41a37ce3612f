"""The list of a snapshot's files, rows, checksums and columns: what verifying and the catalog go by.

Its existence says that all its files are in place. It is written once and never changed.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from lakeshot.columns.types import Column
from lakeshot.commit.schema_change import SchemaChange
from lakeshot.errors import CommitError
from lakeshot.files import Compression, FileFormat
from lakeshot.files.delimited import Delimited
from lakeshot.model import Model
from lakeshot.stored import put_once, read

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_REMEDY = (
    "If it is the failed run's own, run again. If it is an earlier snapshot's, restore the version of the "
    "object that has the recorded SHA-256: the bucket keeps it for 30 days. If that snapshot is the "
    "published one, rolling back to another one helps as well: make rollback"
)


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
    words how it said so; ``moment_from`` says in words what instant the moment is. ``columns`` hold
    the rows of every file; a file may lack some of them, which are null in its rows. ``baseline`` is
    the S3 URI of the manifest whose columns the run started from, ``schema_change`` the difference to
    it; both are None where there was none. ``consumed_units`` are the source's read units. ``keys`` are
    the attributes that tell rows apart. ``follows`` is the snapshot since which these files hold the
    changes; None if they hold every row. ``of_one_instant`` says that the rows are what they were at the
    moment, all of them, which a scan's are not. ``partition_by`` are the attributes whose values the folders
    below ``prefix`` hold, in the order of the folders' levels; no file has their columns. ``delimited`` says
    how lines are made up where the format leaves that open.
    """

    version: Literal[1] = 1
    export: str
    run: str
    moment: datetime
    moment_from: str
    snapshot: str
    bucket: str
    prefix: str
    format: FileFormat
    compression: Compression
    delimited: Delimited | None = None
    columns: tuple[Column, ...]
    keys: tuple[str, ...] = ()
    follows: str | None = None
    of_one_instant: bool = False
    partition_by: tuple[str, ...] = ()
    schema_fingerprint: str
    baseline: str | None
    schema_change: SchemaChange | None
    rows: int
    bytes: int
    expected_rows: int
    expected_from: str
    consumed_units: float
    started_at: datetime
    finished_at: datetime
    files: tuple[FileEntry, ...]


@dataclass(frozen=True)
class Committed:
    """A manifest in its place, and the SHA-256 (hex) of its bytes there."""

    manifest: Manifest
    sha256: str


def save_manifest(client: "S3Client", bucket: str, key: str, manifest: Manifest) -> Committed:
    """Write the manifest unless there is one; the one that is in place afterwards.

    A manifest that differs only in when it was finished is this run's own from an earlier try.
    Raises CommitError for any other.
    """
    uri = f"s3://{bucket}/{key}"
    body = manifest.model_dump_json().encode()
    if not put_once(client, uri, body):
        body = read(client, uri) or b""
        there = _parsed(body, uri)
        if there.model_copy(update={"finished_at": manifest.finished_at}) != manifest:
            raise CommitError(
                f"{uri} already describes another snapshot (run {there.run}, {there.rows} rows) than the one "
                f"to commit (run {manifest.run}, {manifest.rows} rows); nothing was changed, start a new run"
            )
        manifest = there
    return Committed(manifest, sha256(body).hexdigest())


def load_manifest(client: "S3Client", uri: str, sha256_hex: str) -> Manifest:
    """The manifest that was committed with this SHA-256.

    Raises CommitError if it is gone, or is not byte by byte what was committed.
    """
    body = read(client, uri)
    if body is None:
        raise CommitError(f"{uri} is gone; its SHA-256 was recorded as {sha256_hex}. {_REMEDY}")
    found = sha256(body).hexdigest()
    if found != sha256_hex:
        raise CommitError(
            f"{uri} was changed after it was committed: its SHA-256 is {found}, {sha256_hex} was recorded. "
            f"{_REMEDY}"
        )
    return _parsed(body, uri)


def _parsed(body: bytes, uri: str) -> Manifest:
    try:
        return Manifest.model_validate_json(body)
    except ValidationError as error:
        raise CommitError(
            f"{uri} is not a manifest that this version of Lakeshot understands; if another version wrote "
            "it, deploy that one, else start a new run"
        ) from error
