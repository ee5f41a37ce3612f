"""Finds what an ended execution ran: one export, or the members of a group."""

from lakeshot.errors import PayloadError
from lakeshot.runs.records import RunTable
from lakeshot.steps.closing import ClosedGroup, Closer
from lakeshot.steps.deployments import read_deployed, read_deployed_group
from lakeshot.steps.messages import ExecutionEnd
from lakeshot.steps.opening_lake import open_group_view, open_lake
from lakeshot.steps.services import Services


def open_closer(services: Services, end: ExecutionEnd) -> Closer:
    """The closer of an execution's exports; PayloadError if it named nothing that is deployed."""
    group, names = None, [end.export or ""]
    if end.group is not None:
        deployed = read_deployed_group(services.ssm, services.names, end.group)
        group = ClosedGroup(name=end.group, view=open_group_view(services, deployed))
        # A member that has left the group since the run began is closed as well.
        record = RunTable.of_groups(services.dynamodb, services.names.run_table).get(end.group, end.run)
        began = record.members if record is not None and record.members else ()
        names = list(dict.fromkeys([*deployed.exports, *began]))
    exports = []
    for name in names:
        try:
            exports.append(read_deployed(services.ssm, services.names, name))
        except PayloadError:
            if group is None:
                raise
    if not exports:
        raise PayloadError(f"no export of group {end.group!r} is deployed any more")
    return Closer(
        s3=services.s3,
        dynamodb=services.dynamodb,
        liveness=services.liveness,
        exports=[(one, open_lake(services, one)) for one in exports],
        group=group,
        notify=services.notify,
    )
