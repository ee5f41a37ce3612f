"""Files read back from S3 and held against the manifest, byte for byte and row for row."""

from typing import TYPE_CHECKING

from lakeshot.commit.manifest import FileEntry, Manifest
from lakeshot.errors import VerificationError
from lakeshot.files.read_back import read_back

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_REMEDY = (
    "Find out who changes files there, then run again; if this was a rollback, restore the file from the "
    "bucket's versions, which are kept for 30 days, or choose another snapshot"
)


def verify_files(client: "S3Client", manifest: Manifest, *, share: int, shares: int) -> None:
    """Verify every file whose position modulo ``shares`` is ``share``.

    VerificationError names the first bad one.
    """
    for entry in manifest.files[share::shares]:
        _verify(client, manifest, entry)


def _verify(client: "S3Client", manifest: Manifest, entry: FileEntry) -> None:
    uri = f"s3://{manifest.bucket}/{entry.key}"
    try:
        found = read_back(
            client,
            manifest.bucket,
            entry.key,
            manifest.format,
            manifest.compression,
            header_lines=manifest.delimited.header_lines if manifest.delimited is not None else 0,
        )
    except client.exceptions.NoSuchKey as error:
        raise VerificationError(
            f"{uri} is gone although it was committed; the snapshot is not published. {_REMEDY}"
        ) from error
    if (found.sha256, found.bytes) != (entry.sha256, entry.bytes):
        raise VerificationError(
            f"{uri} is not the file that was committed: {found.bytes} bytes with SHA-256 {found.sha256}, "
            f"committed were {entry.bytes} bytes with {entry.sha256}; the snapshot is not published. "
            f"{_REMEDY}"
        )
    if found.rows != entry.rows:
        raise VerificationError(
            f"{uri} holds {found.rows} rows, {entry.rows} were written; "
            "the snapshot is not published. Run again"
        )
