"""Step 6: let the views show the verified snapshots, all of the run's or none."""

from lakeshot.steps.handler import step
from lakeshot.steps.messages import RunInput
from lakeshot.steps.opening_lake import open_group_view, open_lake
from lakeshot.steps.publishing_run import publish_run
from lakeshot.steps.services import Services

services = Services.of_function()


@step(RunInput)
def handler(given: RunInput) -> None:
    """Publish the run's snapshots."""
    publish_run(services, given, open_lake=open_lake, open_group_view=open_group_view)
