"""A step inside its run: the plan, the fencing number it may change things under, and what was committed."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakeshot.columns.types import Column
from lakeshot.commit.manifest import Committed, Manifest, load_manifest
from lakeshot.runs.entrance import Entrance
from lakeshot.runs.keys import export_key
from lakeshot.runs.lock import Lock
from lakeshot.runs.plan import Plan
from lakeshot.runs.snapshots import Snapshot, Snapshots, gone
from lakeshot.stored import load

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class EnteredRun:
    """One export's part in a run, as a step finds it."""

    s3: "S3Client"
    snapshots: Snapshots
    lock: Lock
    plan: Plan
    fence: int

    def check(self) -> None:
        """Raise LockLostError unless this run still is at work."""
        self.lock.check(run=self.plan.run, fence=self.fence)

    def claim(self) -> None:
        """Claim the moment, as the plan step did; RunGoneError if closing the run gave it up since."""
        if not self.snapshots.claim(run=self.plan.run, moment=self.plan.moment):
            raise gone(self.plan.run, self.plan.snapshot)

    def baseline_columns(self) -> tuple[Column, ...]:
        """The columns that were published last, which this run starts from; none before the first time."""
        baseline = self.plan.baseline
        return load_manifest(self.s3, baseline.manifest, baseline.sha256).columns if baseline else ()

    def commit(self, committed: Committed) -> None:
        """Record that the snapshot's files and manifest are in place."""
        manifest = committed.manifest
        self.snapshots.committed(
            Snapshot(
                snapshot=manifest.snapshot,
                run=manifest.run,
                state="committed",
                manifest=self.plan.manifest_uri,
                manifest_sha256=committed.sha256,
                schema_fingerprint=manifest.schema_fingerprint,
                rows=manifest.rows,
                bytes_written=manifest.bytes,
                follows=manifest.follows,
            ),
            fence=self.fence,
        )

    def snapshot(self) -> Snapshot:
        """The snapshot this run committed, or shows again; RunGoneError if it was removed meanwhile."""
        plan = self.plan
        entry = self.snapshots.get(plan.snapshot)
        own = entry is not None and (entry.run == plan.run or plan.reading is None)
        if entry is None or not own or entry.state in ("claimed", "doomed"):
            raise gone(plan.run, plan.snapshot)
        return entry

    def manifest(self) -> Manifest:
        """Its manifest; CommitError if that is not what was committed."""
        entry = self.snapshot()
        return load_manifest(self.s3, str(entry.manifest), str(entry.manifest_sha256))


def enter(
    s3: "S3Client",
    dynamodb: "DynamoDBClient",
    plan_uri: str,
    *,
    redrive: int,
    now: datetime,
    anew: bool = False,
) -> EnteredRun:
    """Enter the run whose plan this is (see ``Entrance.enter``)."""
    plan = load(s3, plan_uri, Plan)
    table, export = plan.deployed.stage_names.run_table, plan.deployed.export
    entrance = Entrance(dynamodb, table=table, partition=export_key(export))
    fence = entrance.enter(run=plan.run, redrive=redrive, now=now, anew=anew)
    return EnteredRun(
        s3=s3,
        snapshots=Snapshots(dynamodb, table=table, export=export),
        lock=Lock(dynamodb, table=table, partition=export_key(export)),
        plan=plan,
        fence=fence,
    )
