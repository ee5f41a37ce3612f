"""Retention: old snapshots go, data and partitions; what a view shows never."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.commit.leftovers import delete_files
from lakeshot.errors import RunGoneError
from lakeshot.lake import Lake
from lakeshot.names import snapshot_prefix
from lakeshot.runs.pointers import Pointers
from lakeshot.steps.entering import EnteredRun

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class Retention:
    """Removes what is older than the newest ``retain_snapshots`` verified snapshots of one export."""

    s3: "S3Client"
    pointers: Pointers
    lake: Lake

    def retain(self, run: EnteredRun) -> None:
        """Remove old snapshots, doomed ones of an interrupted try among them."""
        deployed, everything = run.plan.deployed, run.snapshots.all()
        verified = [snapshot for snapshot in everything if snapshot.state == "verified"]
        shown = self.pointers.of(deployed.export).protected
        old = [one for one in verified[deployed.retain_snapshots :] if one.snapshot not in shown]
        doomed = [*old, *(one for one in everything if one.state == "doomed")]
        for one in doomed:
            try:
                run.snapshots.doom(one.snapshot, run=run.plan.run, fence=run.fence)
            except RunGoneError:
                continue  # another invocation of this step has removed it meanwhile
            if one.generation is not None:
                self.lake.remove(one.snapshot, one.generation)
            prefix = snapshot_prefix(deployed.names.data_prefix, one.snapshot)
            delete_files(self.s3, deployed.bucket, prefix, one.run)
            run.snapshots.forget(one.snapshot)
