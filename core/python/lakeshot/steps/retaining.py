"""Retention: old snapshots go, data and partitions; the published one never."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.commit.leftovers import delete_files
from lakeshot.config.deployed import Deployed
from lakeshot.lake import Lake
from lakeshot.names import snapshot_prefix
from lakeshot.runs.lock import Lock
from lakeshot.runs.plan import Plan
from lakeshot.runs.snapshots import Snapshots

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class Retention:
    """Removes what is older than the newest ``retain_snapshots`` verified snapshots of one export."""

    s3: "S3Client"
    snapshots: Snapshots
    lock: Lock
    lake: Lake
    deployed: Deployed

    def retain(self, plan: Plan) -> list[str]:
        """Remove old snapshots and return their names. The lock is checked before each is touched."""
        verified = [snapshot for snapshot in self.snapshots.all() if snapshot.state == "verified"]
        published = self.snapshots.published()
        doomed = [old for old in verified[self.deployed.retain_snapshots :] if old.snapshot != published]
        for old in doomed:
            self.lock.check(run=plan.run, fence=plan.fence)
            self.lake.remove(old.snapshot)
            prefix = snapshot_prefix(self.deployed.names.data_prefix, old.snapshot)
            delete_files(self.s3, self.deployed.bucket, prefix, old.run)
            self.snapshots.forget(old.snapshot)
        return [old.snapshot for old in doomed]
