"""The command status: every export of the stage in one table, and every group in another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.names import snapshot_moment
from lakeshot.runs.keys import export_key, group_key
from lakeshot.runs.lock import Lock
from lakeshot.runs.pointers import Pointer, Pointers
from lakeshot.runs.records import RunRecord, RunState, RunTable
from lakeshot.runs.snapshots import Snapshots
from operate import figures
from operate.context import Context
from operate.deployment import Deployment
from operate.text_table import text_table

HEADER = ("EXPORT", "PUBLISHED SNAPSHOT", "ROWS", "LAST RUN", "SCHEDULE", "RUNNING NOW")
GROUP_HEADER = ("GROUP", "MEMBERS", "LAST MOMENT", "LAST RUN", "SCHEDULE", "RUNNING NOW")
NONE = "-"
NOT_DEPLOYED = "not deployed: make deploy"


@dataclass(frozen=True)
class Activity:
    """When something runs, what ran last, and what runs now. ``schedule`` is in words."""

    last_run: RunRecord | None
    schedule: str
    holder: str | None


@dataclass(frozen=True)
class Status:
    """How one deployed export stands. ``readable`` says that it has a view, which shows what is published."""

    readable: bool
    pointer: Pointer
    rows: int | None
    activity: Activity


@dataclass(frozen=True)
class GroupStatus:
    """How one deployed group stands. ``shown`` is what the view of each member shows."""

    members: tuple[str, ...]
    shown: frozenset[str | None]
    activity: Activity


def status(context: Context) -> int:
    """Print how exports and groups stand, deployed or only configured, and why the last runs failed."""
    deployments = context.deployments()
    exports: dict[str, Status] = {}
    groups: dict[str, GroupStatus] = {}
    for deployment in deployments:
        exports |= {name: _status(deployment, one) for name, one in deployment.exports().items()}
        groups |= {name: _group(deployment, one) for name, one in deployment.groups().items()}
    config = context.config() if context.file.exists() else None
    missing = [name for name in (config.exports if config else ()) if name not in exports]
    missing_groups = [name for name in (config.groups if config else ()) if name not in groups]
    if not exports and not missing:
        context.output.result(f"Nothing is deployed in stage {deployments[0].names.stage!r}: make deploy")
        return 0
    now = context.clock.now()
    lines = [_cells(name, one, now) for name, one in exports.items()]
    lines += [(name, NOT_DEPLOYED, *[NONE] * (len(HEADER) - 2)) for name in missing]
    told = [text_table(HEADER, lines)]
    if groups or missing_groups:
        lines = [_group_cells(name, one, now) for name, one in groups.items()]
        lines += [(name, NOT_DEPLOYED, *[NONE] * (len(GROUP_HEADER) - 2)) for name in missing_groups]
        told += ["", text_table(GROUP_HEADER, lines)]
    activities = {name: one.activity for name, one in exports.items()}
    activities |= {name: one.activity for name, one in groups.items()}
    context.output.result("\n".join([*told, *_why(activities)]))
    return 0


def _status(deployment: Deployment, deployed: Deployed) -> Status:
    table, tables = deployment.names.run_table, deployment.clients.tables
    pointer = Pointers(tables, table=table).of(deployed.export)
    shown = pointer.snapshot and Snapshots(tables, table=table, export=deployed.export).get(pointer.snapshot)
    return Status(
        readable=deployed.format.is_readable,
        pointer=pointer,
        rows=shown.rows_in_view if shown else None,
        activity=_activity(deployment, export_key, deployed.export, deployed.names.resource),
    )


def _group(deployment: Deployment, deployed: DeployedGroup) -> GroupStatus:
    pointers = Pointers(deployment.clients.tables, table=deployment.names.run_table)
    return GroupStatus(
        members=deployed.exports,
        shown=frozenset(pointers.of(export).snapshot for export in deployed.exports),
        activity=_activity(deployment, group_key, deployed.group, deployed.names.resource),
    )


def _activity(deployment: Deployment, partition: Callable[[str], str], name: str, schedule: str) -> Activity:
    table, tables = deployment.names.run_table, deployment.clients.tables
    records = RunTable(tables, table, partition=partition).of_export(name)
    holder = Lock(tables, table=table, partition=partition(name)).holder()
    return Activity(
        last_run=records[0] if records else None,
        schedule=_schedule(deployment, schedule),
        holder=holder.run if holder else None,
    )


def _schedule(deployment: Deployment, name: str) -> str:
    schedules = deployment.clients.schedules
    try:
        found = schedules.get_schedule(Name=name)
    except schedules.exceptions.ResourceNotFoundException:
        return "none"
    words = f"{found['ScheduleExpression']} {found.get('ScheduleExpressionTimezone', 'UTC')}"
    return words if found["State"] == "ENABLED" else f"disabled: {words}"


def _cells(name: str, one: Status, now: datetime) -> tuple[str, ...]:
    shown, coming = one.pointer.snapshot, one.pointer.next
    return (
        name,
        (_moment(shown, now) if shown else "none yet")
        + (f", moving to {coming}" if coming else "")
        + ("" if one.readable else "; no view"),
        figures.count(one.rows) if one.rows is not None else NONE,
        *_activity_cells(one.activity, now),
    )


def _group_cells(name: str, one: GroupStatus, now: datetime) -> tuple[str, ...]:
    shown = max(one.shown, key=lambda snapshot: snapshot or "")
    if shown is None:
        moment = "none yet"
    elif len(one.shown) > 1:
        moment = "members differ"
    else:
        moment = _moment(shown, now)
    return (name, ", ".join(one.members), moment, *_activity_cells(one.activity, now))


def _moment(snapshot: str, now: datetime) -> str:
    return f"{snapshot} ({figures.age(snapshot_moment(snapshot), now)})"


def _activity_cells(one: Activity, now: datetime) -> tuple[str, str, str]:
    last = one.last_run
    ran = (
        f"{last.state.value}, {figures.age(last.finished_at or last.started_at, now)}"
        if last
        else "never run"
    )
    return ran, one.schedule, one.holder or NONE


def _why(found: Mapping[str, Activity]) -> list[str]:
    """A paragraph for whatever failed when it last ran; members are told of by their group."""
    told = []
    for name, one in found.items():
        last = one.last_run
        if last is None or last.state in (RunState.RUNNING, RunState.SUCCEEDED) or last.group is not None:
            continue
        told.append(f"\n{name}: run {last.run}: {last.error}\n  next step: {last.next_step}")
    return told
