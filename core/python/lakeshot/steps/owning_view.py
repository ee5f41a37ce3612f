"""A view as part of a stack: there as soon as the stack is, showing what is published or no rows."""

from collections.abc import Mapping

from lakeshot.lake.group_view_sql import empty_group_select
from lakeshot.runs.keys import export_key, group_key
from lakeshot.runs.lock import Lock
from lakeshot.steps.deployments import read_deployed, read_deployed_group
from lakeshot.steps.opening_lake import open_group_view, open_lake
from lakeshot.steps.services import Services
from lakeshot.steps.showing import showing

_MAKER = "stack"
"""In the place of a run, for the name under which the view is made before it is shown."""


def create_view(services: Services, owner: Mapping[str, str]) -> None:
    """Make the view of the export or group that the resource's properties name."""
    if (group := owner.get("Group")) is not None:
        view = open_group_view(services, read_deployed_group(services.ssm, services.names, group))
        view.replace(view.stage_nothing(empty_group_select()), fence=_fence(services, group_key(group)))
        return
    deployed = read_deployed(services.ssm, services.names, owner["Export"])
    lake, snapshots = open_lake(services, deployed), services.snapshots(deployed)
    published = services.pointers.of(deployed.export).snapshot
    entry = snapshots.get(published) if published is not None else None
    fence = _fence(services, export_key(deployed.export))
    if entry is None or entry.generation is None:
        lake.replace(lake.stage_nothing(), fence=fence)
        return
    shown = showing(services.s3, snapshots, entry)
    try:
        lake.replace(lake.stage(shown, run=_MAKER), fence=fence)
    finally:
        lake.unstage(_MAKER)


def drop_view(services: Services, owner: Mapping[str, str]) -> None:
    """Remove the view of the export or group that the resource's properties name."""
    if (group := owner.get("Group")) is not None:
        open_group_view(services, read_deployed_group(services.ssm, services.names, group)).drop()
    else:
        open_lake(services, read_deployed(services.ssm, services.names, owner["Export"])).drop_view()


def _fence(services: Services, partition: str) -> int:
    """The number last given for the lock, so that a run that is at work keeps its say over the view."""
    return Lock(services.dynamodb, table=services.names.run_table, partition=partition).last_fence()
