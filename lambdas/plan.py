"""Step 1: settle what the run does and take its locks."""

from datetime import UTC, datetime

from lakeshot.steps.handler import step
from lakeshot.steps.messages import PlanInput, Planned
from lakeshot.steps.planning import Planner
from lakeshot.steps.services import Services

services = Services.of_function()


@step(PlanInput)
def handler(given: PlanInput) -> Planned:
    """Plan one execution."""
    planner = Planner(
        names=services.names,
        ssm=services.ssm,
        s3=services.s3,
        dynamodb=services.dynamodb,
        source_client=services.source_dynamodb,
        close=services.have_closed,
    )
    return planner.plan(given, now=datetime.now(UTC))
