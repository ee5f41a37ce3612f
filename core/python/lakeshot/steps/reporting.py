"""The report of a run that succeeded."""

from datetime import datetime

from lakeshot.commit.manifest import Manifest
from lakeshot.runs.plan import Plan
from lakeshot.runs.records import RunState, RunTable, expiry
from lakeshot.steps.cost import glue_cost, read_cost
from lakeshot.steps.messages import ReportInput


def report(runs: RunTable, given: ReportInput, plan: Plan, manifest: Manifest, *, now: datetime) -> None:
    """Complete the run record with what the run did and about what it cost."""
    cost = glue_cost(
        glue_version=plan.deployed.glue_version,
        worker_type=plan.deployed.worker_type,
        workers=plan.workers,
        seconds=given.job_run.execution_seconds,
        dpu_seconds=given.job_run.dpu_seconds,
    ) + read_cost(units=manifest.consumed_units, on_demand=plan.source.on_demand)
    runs.update(
        plan.deployed.export,
        plan.run,
        state=RunState.SUCCEEDED.value,
        step="done",
        finished_at=now,
        expires_at=expiry(now),
        job_run_id=given.job_run.id,
        rows=manifest.rows,
        rows_done=manifest.rows,
        files=len(manifest.files),
        bytes_written=manifest.bytes,
        units_consumed=manifest.consumed_units,
        schema_fingerprint=manifest.schema_fingerprint,
        manifest=plan.manifest_uri,
        estimated_cost_usd=round(cost, 6),
    )
