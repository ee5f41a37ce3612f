"""The command rollback: an earlier snapshot is shown again, of an export or of all exports of a group."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pydantic import ValidationError

from lakeshot.config.errors import field_errors
from lakeshot.names import snapshot_moment
from lakeshot.runs.pointers import Pointers
from lakeshot.runs.snapshots import Snapshots
from operate import figures
from operate.context import Context
from operate.deployment import Deployment, find_target
from operate.errors import CommandError, UsageError
from operate.execution import Execution
from operate.runs import SUCCESS, watch_to_end
from operate.target import Target
from operate.text_table import text_table

HEADER = ("SNAPSHOT", "MOMENT", "ROWS", "SHOWN")


@dataclass(frozen=True)
class Retained:
    """A moment that can be shown again: all exports have a verified snapshot of it. ``rows`` is their sum."""

    snapshot: str
    rows: int
    shown_by: tuple[str, ...]


def rollback(context: Context, name: str, snapshot: str | None, *, as_json: bool) -> int:
    """Show ``snapshot`` again and watch that; without one, list those that can be shown."""
    deployment, target = find_target(context.deployments(), name)
    found = retained(deployment, target)
    if snapshot is None:
        context.output.result(_document(target, found) if as_json else _listed(context, target, found))
        return SUCCESS
    payload = target.payload()
    try:
        payload = type(payload).model_validate(
            payload.model_dump() | {"mode": "rollback", "snapshot": snapshot}
        )
    except ValidationError as error:
        raise UsageError(f"this rollback cannot be started: {field_errors(error, type(payload))}") from error
    if snapshot not in [one.snapshot for one in found]:
        raise CommandError(
            f"{target.words} cannot be rolled back to {snapshot}: no verified snapshot of that moment is kept"
            f"{'' if target.group is None else ' for every member'}. "
            f"List those that are: make rollback {target.option}"
        )
    execution = Execution.start(deployment, target, payload, context.clock.now())
    context.output.tell(f"Started run {execution.run}: rolling {target.words} back to {snapshot}.")
    return watch_to_end(context, execution, as_json=as_json)


def retained(deployment: Deployment, target: Target) -> Sequence[Retained]:
    """Every moment that can be shown again, the newest first."""
    tables, table = deployment.clients.tables, deployment.names.run_table
    pointers = Pointers(tables, table=table)
    shown = {deployed.export: pointers.of(deployed.export).snapshot for deployed in target.members}
    rows = [
        {
            one.snapshot: one.rows_in_view or 0
            for one in Snapshots(tables, table=table, export=deployed.export).all()
            if one.can_be_shown_again(readable=deployed.format.is_readable)
        }
        for deployed in target.members
    ]
    common = set(rows[0]).intersection(*rows[1:])
    return [
        Retained(
            snapshot=snapshot,
            rows=sum(one[snapshot] for one in rows),
            shown_by=tuple(export for export, published in shown.items() if published == snapshot),
        )
        for snapshot in sorted(common, reverse=True)
    ]


def _document(target: Target, found: Sequence[Retained]) -> str:
    kind = "export" if target.group is None else "group"
    return json.dumps({kind: target.name, "snapshots": [asdict(one) for one in found]})


def _listed(context: Context, target: Target, found: Sequence[Retained]) -> str:
    if not found:
        return f"{target.words} has no verified snapshot that could be shown: make run {target.option}"
    now, everyone = context.clock.now(), len(target.members)
    lines = [
        (
            one.snapshot,
            f"{figures.instant(moment)} ({figures.age(moment, now)})",
            figures.count(one.rows),
            "now" if len(one.shown_by) == everyone else ", ".join(one.shown_by),
        )
        for one in found
        for moment in [snapshot_moment(one.snapshot)]
    ]
    others = [one.snapshot for one in found if len(one.shown_by) < everyone]
    told = text_table(HEADER, lines)
    if not others:
        return f"{told}\n\nThere is no other one to roll back to."
    command = f"make rollback {target.option} SNAPSHOT={others[0]}"
    return f"{told}\n\nTo show another one, such as {others[0]}:\n  {command}"
