"""The command status: every export of the stage in one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lakeshot.config.deployed import Deployed
from lakeshot.names import snapshot_moment
from lakeshot.runs.lock import Lock
from lakeshot.runs.records import RunRecord, RunState, RunTable
from lakeshot.runs.snapshots import Snapshots
from operate import figures
from operate.context import Context
from operate.deployment import Deployment
from operate.text_table import text_table

HEADER = ("EXPORT", "PUBLISHED SNAPSHOT", "ROWS", "LAST RUN", "SCHEDULE", "RUNNING NOW")
NONE = "-"


@dataclass(frozen=True)
class Status:
    """How one deployed export stands. ``schedule`` is in words."""

    export: str
    published: str | None
    rows: int | None
    last_run: RunRecord | None
    schedule: str
    holder: str | None


def status(context: Context) -> int:
    """Print how every export stands, deployed or only configured, and why the last runs failed."""
    deployments = context.deployments()
    found = {
        name: _status(deployment, deployed)
        for deployment in deployments
        for name, deployed in deployment.exports().items()
    }
    configured = context.config().exports if context.file.exists() else {}
    missing = [name for name in configured if name not in found]
    if not found and not missing:
        context.output.result(f"Nothing is deployed in stage {deployments[0].names.stage!r}: make deploy")
        return 0
    now = context.clock.now()
    rows = [_cells(one, now) for one in found.values()]
    rows += [(name, "not deployed: make deploy", *[NONE] * (len(HEADER) - 2)) for name in missing]
    context.output.result("\n".join([text_table(HEADER, rows), *_why(found)]))
    return 0


def _status(deployment: Deployment, deployed: Deployed) -> Status:
    table, tables = deployment.names.run_table, deployment.clients.tables
    snapshots = Snapshots(tables, table=table, export=deployed.export)
    published = snapshots.published()
    rows = [one.rows for one in snapshots.all() if one.snapshot == published]
    records = RunTable(tables, table).of_export(deployed.export)
    holder = Lock(tables, table=table, export=deployed.export).holder()
    return Status(
        export=deployed.export,
        published=published,
        rows=rows[0] if rows else None,
        last_run=records[0] if records else None,
        schedule=_schedule(deployment, deployed),
        holder=holder.run if holder else None,
    )


def _schedule(deployment: Deployment, deployed: Deployed) -> str:
    schedules = deployment.clients.schedules
    try:
        found = schedules.get_schedule(Name=deployed.names.resource)
    except schedules.exceptions.ResourceNotFoundException:
        return "none"
    words = f"{found['ScheduleExpression']} {found.get('ScheduleExpressionTimezone', 'UTC')}"
    return words if found["State"] == "ENABLED" else f"disabled: {words}"


def _cells(one: Status, now: datetime) -> tuple[str, ...]:
    shown = (
        f"{one.published} ({figures.age(snapshot_moment(one.published), now)})"
        if one.published
        else "none yet"
    )
    last = one.last_run
    return (
        one.export,
        shown,
        figures.count(one.rows) if one.rows is not None else NONE,
        f"{last.state.value}, {figures.age(last.finished_at or last.started_at, now)}"
        if last
        else "never run",
        one.schedule,
        one.holder or NONE,
    )


def _why(found: Mapping[str, Status]) -> list[str]:
    """A paragraph for each export whose last run ended without success."""
    told = []
    for one in found.values():
        last = one.last_run
        if last is not None and last.state not in (RunState.RUNNING, RunState.SUCCEEDED):
            told.append(f"\n{one.export}: run {last.run}: {last.error}\n  next step: {last.next_step}")
    return told
