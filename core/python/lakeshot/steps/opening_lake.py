"""Opens the lake of a deployed export, or a group's view, under a function's own permissions."""

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.lake.athena import Athena
from lakeshot.lake.hive import HiveLake
from lakeshot.lake.staged_view import StagedView
from lakeshot.steps.services import Services


def open_athena(services: Services, deployed: Deployed | DeployedGroup) -> Athena:
    """Athena in the stage's workgroup and the database of an export or a group."""
    return Athena(session=services.session, workgroup=services.names.workgroup, database=deployed.database)


def open_lake(services: Services, deployed: Deployed) -> HiveLake:
    """The tables and the view of an export."""
    return HiveLake(glue=services.glue, athena=open_athena(services, deployed), deployed=deployed)


def open_group_view(services: Services, group: DeployedGroup) -> StagedView:
    """The view of a group; its queries are made by ``lakeshot.lake.group_view_sql``."""
    return StagedView(glue=services.glue, athena=open_athena(services, group), name=group.names.view)
