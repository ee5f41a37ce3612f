"""What the view of a snapshot shows, which may be made of many: a whole one, and the changes since."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lakeshot.columns.changes import row_columns
from lakeshot.commit.manifest import load_manifest
from lakeshot.errors import CatalogError
from lakeshot.lake.shown import Layer, Shown
from lakeshot.names import snapshot_name
from lakeshot.runs.chain import chain
from lakeshot.runs.snapshots import Snapshot, Snapshots
from lakeshot.steps.alike import alike

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def showing(s3: "S3Client", snapshots: Snapshots, newest: Snapshot) -> Shown:
    """What the view of a snapshot shows that was committed.

    CatalogError if it, or one that it follows, is not in the catalog; CommitError if its manifest is not
    what was committed, or no manifest of a schema in between is.
    """
    if newest.generation is None:
        raise CatalogError(f"snapshot {newest.snapshot} is not in the catalog; run again")
    manifest = load_manifest(s3, str(newest.manifest), str(newest.manifest_sha256))
    whole, *changes = chain(newest, snapshots.get)
    (base,) = _layers(s3, [whole])
    return Shown(
        snapshot=newest.snapshot,
        columns=row_columns(manifest.columns),
        keys=manifest.keys,
        base=base,
        changes=tuple(_layers(s3, changes)),
        last_window=snapshot_name(manifest.moment),
    )


def _layers(s3: "S3Client", entries: Iterable[Snapshot]) -> Iterable[Layer]:
    for generation, group, manifest in alike(s3, entries):
        yield Layer(
            generation=generation,
            format=manifest.format,
            columns=manifest.columns,
            partition_by=manifest.partition_by,
            snapshots=tuple(entry.snapshot for entry in group),
            rows=sum(entry.rows or 0 for entry in group),
        )
