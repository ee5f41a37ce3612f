"""The role by which a database writes files, as a resource of a connection's stack."""

from typing import TYPE_CHECKING, Any

from lakeshot.steps.associating_role import associate, dissociate, replace
from lakeshot.steps.custom_resource import answer
from lakeshot.steps.database_roles import database
from lakeshot.steps.services import Services

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

services = Services.of_function()


def handler(event: dict[str, Any], context: "LambdaContext") -> None:
    """Serve CloudFormation's request; the resource is the database's role, whichever role that is."""
    wanted = event["ResourceProperties"]
    kind = "Cluster" if "Cluster" in wanted else "Instance"
    with answer(event, context.log_stream_name, resource=f"role-of-{kind.lower()}-{wanted[kind]}"):
        holder = database(services.rds, wanted)
        match event["RequestType"]:
            case "Create":
                associate(holder, wanted["Role"])
            case "Update":
                replace(holder, event["OldResourceProperties"], wanted)
            case "Delete":
                dissociate(holder, wanted["Role"])
