"""The end of every run that did not succeed."""

from datetime import UTC, datetime

from lakeshot.errors import PayloadError
from lakeshot.lake.open import open_lake
from lakeshot.steps.closing import Closer, undeployed_notice
from lakeshot.steps.handler import step
from lakeshot.steps.messages import CloseInput
from lakeshot.steps.planning import read_deployed
from lakeshot.steps.services import Services

services = Services.of_function()


@step(CloseInput)
def handler(given: CloseInput) -> None:
    """Close the run; one that names no deployed export has left nothing behind."""
    end = given.detail
    try:
        deployed = read_deployed(services.ssm, services.names, end.export or "")
    except PayloadError:
        if given.is_event:
            services.notify(*undeployed_notice(end))
        return
    closer = Closer(
        s3=services.s3,
        dynamodb=services.dynamodb,
        liveness=services.liveness,
        lake=open_lake(services, deployed),
        deployed=deployed,
        notify=services.notify,
    )
    closer.close(end, now=datetime.now(UTC))
