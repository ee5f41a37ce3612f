"""The view as a resource of the export's or group's stack: made and removed with it, never moved back."""

from typing import TYPE_CHECKING, Any

from lakeshot.steps.custom_resource import answer
from lakeshot.steps.owning_view import create_view, drop_view
from lakeshot.steps.services import Services

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

services = Services.of_function()


def handler(event: dict[str, Any], context: "LambdaContext") -> None:
    """Serve CloudFormation's request; runs replace the view, so an update changes nothing."""
    owner = event["ResourceProperties"]
    with answer(event, context.log_stream_name, resource=f"view-{owner.get('Export') or owner['Group']}"):
        match event["RequestType"]:
            case "Create":
                create_view(services, owner)
            case "Delete":
                drop_view(services, owner)
