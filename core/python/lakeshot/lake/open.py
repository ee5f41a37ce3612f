"""Opens the lake of a deployed export under a function's own permissions."""

from lakeshot.config.deployed import Deployed
from lakeshot.lake.athena import Athena
from lakeshot.lake.hive import HiveLake
from lakeshot.steps.services import Services


def open_athena(services: Services, deployed: Deployed) -> Athena:
    """Athena in the stage's workgroup and the export's database."""
    return Athena(session=services.session, workgroup=services.names.workgroup, database=deployed.database)


def open_lake(services: Services, deployed: Deployed) -> HiveLake:
    """The table and view of an export."""
    return HiveLake(glue=services.glue, athena=open_athena(services, deployed), deployed=deployed)
