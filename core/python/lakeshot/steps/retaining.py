"""Retention: old snapshots go, data and partitions; what a view shows never."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.commit.leftovers import delete_files
from lakeshot.errors import RunGoneError
from lakeshot.lake import Lake
from lakeshot.names import snapshot_prefix
from lakeshot.runs.pointers import Pointers
from lakeshot.runs.snapshots import Snapshot
from lakeshot.steps.entering import EnteredRun

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class Retention:
    """Removes what is older than the newest ``retain_snapshots`` verified snapshots of one export.

    What those need that are kept is kept as well: changes, the snapshots that they follow.
    """

    s3: "S3Client"
    pointers: Pointers
    lake: Lake

    def retain(self, run: EnteredRun) -> None:
        """Remove old snapshots, doomed ones of an interrupted try among them."""
        deployed, everything = run.plan.deployed, run.snapshots.all()
        verified = [snapshot for snapshot in everything if snapshot.state == "verified"]
        shown = self.pointers.of(deployed.export).protected
        kept = [one for one in verified if one.snapshot in shown] + verified[: deployed.retain_snapshots]
        needed = _with_what_they_follow(kept, verified)
        old = [one for one in verified if one.snapshot not in needed]
        doomed = [*old, *(one for one in everything if one.state == "doomed")]
        for one in doomed:
            try:
                run.snapshots.doom(one.snapshot, run=run.plan.run, fence=run.fence)
            except RunGoneError:
                continue  # another invocation of this step has removed it meanwhile
            if one.generation is not None:
                self.lake.remove(one.snapshot, one.generation, changes=one.follows is not None)
            folder = deployed.names.prefix_of(changes=one.follows is not None)
            delete_files(self.s3, deployed.bucket, snapshot_prefix(folder, one.snapshot), one.run)
            run.snapshots.forget(one.snapshot)


def _with_what_they_follow(kept: Sequence[Snapshot], verified: Sequence[Snapshot]) -> frozenset[str]:
    """The names of these snapshots, and of those that their changes follow."""
    follows = {one.snapshot: one.follows for one in verified}
    needed: set[str] = set()
    for one in kept:
        name: str | None = one.snapshot
        while name is not None and name not in needed:
            needed.add(name)
            name = follows.get(name)
    return frozenset(needed)
