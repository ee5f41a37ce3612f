"""Publish: move the recorded pointer, then the view, and take both back if the view does not follow."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.commit.manifest import Manifest
from lakeshot.errors import VerificationError
from lakeshot.lake import Lake
from lakeshot.runs.snapshots import Snapshots
from lakeshot.stored import load

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class Publisher:
    """Publishes verified snapshots of one export."""

    s3: "S3Client"
    snapshots: Snapshots
    lake: Lake

    def publish(self, manifest: Manifest, *, fence: int) -> None:
        """Let the view show this snapshot and read it back; on failure it shows what it did before.

        ``fence`` is the number under which the manifest's run holds the lock.
        """
        self.snapshots.publish(manifest.snapshot, run=manifest.run, fence=fence)
        try:
            self._move_view(manifest)
        except Exception:
            # Whatever it was, an error of AWS included: no pointer may stay that no view follows.
            # What cannot be taken back here, for the same reason perhaps, is taken back by close.
            with suppress(Exception):
                self.take_back(manifest.snapshot, run=manifest.run, fence=fence)
            raise

    def take_back(self, snapshot: str, *, run: str, fence: int) -> None:
        """Let the view show again what it showed before a published snapshot, and then point to that."""
        self.lake.show(self._manifest(self.snapshots.before(snapshot)))
        self.snapshots.unpublish(snapshot, run=run, fence=fence)

    def _move_view(self, manifest: Manifest) -> None:
        self.lake.show(manifest)
        shown = self.lake.shown_rows()
        if shown != manifest.rows:
            raise VerificationError(
                f"the view shows {shown} rows after it was moved to snapshot {manifest.snapshot}, "
                f"which has {manifest.rows}; it was moved back"
            )

    def show_published(self) -> None:
        """Let the view show what is published, or no rows."""
        self.lake.show(self._manifest(self.snapshots.published()))

    def _manifest(self, snapshot: str | None) -> Manifest | None:
        known = next((entry for entry in self.snapshots.all() if entry.snapshot == snapshot), None)
        return load(self.s3, known.manifest, Manifest) if known is not None and known.manifest else None
