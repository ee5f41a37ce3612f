"""What a group's view shall show once all members are published: which snapshots belong together."""

from collections.abc import Sequence

from lakeshot.lake.group_view_sql import GroupMember, group_select
from lakeshot.lake.staged_view import StagedView
from lakeshot.steps.entering import EnteredRun
from lakeshot.steps.publishing import GroupView


def group_view(runs: Sequence[EnteredRun], view: StagedView, *, fence: int) -> GroupView:
    """The view of a group whose members these runs are. ``fence`` is the number held for the group."""
    return GroupView(
        view=view,
        fence=fence,
        select=group_select([_member(run) for run in runs]),
    )


def _member(run: EnteredRun) -> GroupMember:
    manifest, names = run.manifest(), run.plan.deployed.names
    is_readable = run.plan.deployed.format.is_readable
    return GroupMember(
        export=run.plan.deployed.export,
        view=names.view if is_readable else None,
        snapshot_timestamp=manifest.snapshot,
        snapshots_table=names.table_of(run.snapshot().generation or 1) if is_readable else None,
        row_count=manifest.rows,
        moment=manifest.moment,
        moment_from=manifest.moment_from,
    )
