"""The view as a resource of the export's stack: made with it, removed with it, never moved back by it."""

from typing import TYPE_CHECKING, Any

from lakeshot.lake.open import open_lake
from lakeshot.steps.custom_resource import answer
from lakeshot.steps.planning import read_deployed
from lakeshot.steps.publishing import Publisher
from lakeshot.steps.services import Services

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

services = Services.of_function()


def handler(event: dict[str, Any], context: "LambdaContext") -> None:
    """Serve CloudFormation's request; runs replace the view, so an update changes nothing."""
    with answer(event, context.log_stream_name):
        if event["RequestType"] == "Update":
            return
        deployed = read_deployed(services.ssm, services.names, event["ResourceProperties"]["Export"])
        lake = open_lake(services, deployed)
        if event["RequestType"] == "Delete":
            lake.drop_view()
        else:
            Publisher(s3=services.s3, snapshots=services.snapshots(deployed), lake=lake).show_published()
