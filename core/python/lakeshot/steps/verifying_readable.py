"""The last gate before publishing: what a reader of the catalog sees agrees with the manifest."""

from lakeshot.commit.manifest import Manifest
from lakeshot.errors import VerificationError
from lakeshot.lake import Lake


def verify_readable(lake: Lake, manifest: Manifest, counted: int) -> None:
    """Hold Athena's count against the manifest and read every column once, or raise."""
    if counted != manifest.rows:
        raise VerificationError(
            f"Athena counts {counted} rows in snapshot {manifest.snapshot}, the files hold {manifest.rows}; "
            "the snapshot is not published. Look for foreign objects below "
            f"s3://{manifest.bucket}/{manifest.prefix}"
        )
    lake.probe(manifest)
