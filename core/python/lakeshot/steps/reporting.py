"""The report of a run that succeeded: records completed and locks released, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakeshot.runs.keys import export_key, group_key
from lakeshot.runs.lock import Lock
from lakeshot.runs.plan import Plan, ScanReading
from lakeshot.runs.records import RunState, RunTable, expiry
from lakeshot.runs.transactions import write_together
from lakeshot.steps.cost import export_cost, glue_cost, read_cost

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from mypy_boto3_glue.client import GlueClient

    from lakeshot.commit.manifest import Manifest
    from lakeshot.runs.snapshots import Snapshot


@dataclass(frozen=True)
class Finished:
    """One export's part in a run that published it, and the fencing number it holds."""

    plan: Plan
    fence: int
    snapshot: "Snapshot"
    manifest: "Manifest"


@dataclass(frozen=True)
class Reporter:
    """Completes the records of one stage."""

    dynamodb: "DynamoDBClient"
    glue: "GlueClient"
    table: str

    def is_reported(self, plan: Plan) -> bool:
        """Whether the run of this plan has been reported before."""
        record = self._runs.get(plan.deployed.export, plan.run)
        return record is not None and record.state is RunState.SUCCEEDED

    def report(self, parts: Sequence[Finished], group_fence: int | None, *, now: datetime) -> None:
        """Complete the records of all parts, and their group's, and release every lock."""
        ended = {
            "state": RunState.SUCCEEDED.value,
            "step": "done",
            "finished_at": now,
            "expires_at": expiry(now),
        }
        entries: list[TransactWriteItemTypeDef] = []
        held: list[tuple[Lock, int]] = []
        for part in parts:
            export, run = part.plan.deployed.export, part.plan.run
            lock = Lock(self.dynamodb, table=self.table, partition=export_key(export))
            held.append((lock, part.fence))
            entries.append(lock.releasing(run=run, fence=part.fence))
            entries.append(self._runs.ending(export, run, **ended, **self._told(part)))
        plan = parts[0].plan
        if plan.group is not None and group_fence is not None:
            lock = Lock(self.dynamodb, table=self.table, partition=group_key(plan.group.group))
            held.append((lock, group_fence))
            entries.append(lock.releasing(run=plan.run, fence=group_fence))
            groups = RunTable.of_groups(self.dynamodb, self.table)
            entries.append(groups.ending(plan.group.group, plan.run, **ended, snapshot=plan.snapshot))
        try:
            write_together(self.dynamodb, entries)
        except self.dynamodb.exceptions.TransactionCanceledException:
            if self.is_reported(plan):  # by another invocation of this step
                return
            for lock, fence in held:  # a lock that was lost is the one thing that is expected here
                lock.check(run=plan.run, fence=fence)
            raise

    def _told(self, part: Finished) -> dict[str, object]:
        manifest = part.manifest
        told: dict[str, object] = {
            "rows": manifest.rows,
            "rows_shown": part.snapshot.rows_in_view,
            "files": len(manifest.files),
            "bytes_written": manifest.bytes,
            "schema_fingerprint": manifest.schema_fingerprint,
            "generation": part.snapshot.generation,
            "manifest": part.snapshot.manifest,
        }
        if part.plan.reading is None:
            return told
        told |= {
            "rows_done": manifest.rows,
            "units_consumed": manifest.consumed_units,
            "estimated_cost_usd": self._cost(part),
        }
        if manifest.schema_change is not None and (text := manifest.schema_change.summary()):
            told["schema_change"] = text
        return told

    def _cost(self, part: Finished) -> float | None:
        """What the run is estimated to have cost, in US dollars."""
        plan, manifest = part.plan, part.manifest
        record = self._runs.get(plan.deployed.export, plan.run)
        if record is None or record.job_run_id is None:
            return None
        job_run = self.glue.get_job_run(JobName=plan.deployed.names.resource, RunId=record.job_run_id)[
            "JobRun"
        ]
        cost = glue_cost(
            glue_version=plan.deployed.glue_version,
            worker_type=plan.deployed.worker_type,
            workers=plan.workers,
            seconds=job_run["ExecutionTime"],
            dpu_seconds=job_run.get("DPUSeconds"),
        )
        cost += export_cost(record.exported_bytes or 0)
        if isinstance(plan.reading, ScanReading):
            cost += read_cost(units=manifest.consumed_units, on_demand=plan.reading.source.on_demand)
        return round(cost, 6)

    @property
    def _runs(self) -> RunTable:
        return RunTable(self.dynamodb, self.table)
