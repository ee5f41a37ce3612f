"""Step 6: let the view show the verified snapshot."""

from lakeshot.commit.manifest import Manifest
from lakeshot.lake.open import open_lake
from lakeshot.runs.plan import Plan
from lakeshot.steps.handler import step
from lakeshot.steps.messages import StepInput
from lakeshot.steps.publishing import Publisher
from lakeshot.steps.services import Services
from lakeshot.stored import load

services = Services.of_function()


@step(StepInput)
def handler(given: StepInput) -> None:
    """Publish the run's snapshot."""
    plan = load(services.s3, given.plan, Plan)
    publisher = Publisher(
        s3=services.s3, snapshots=services.snapshots(plan.deployed), lake=open_lake(services, plan.deployed)
    )
    publisher.publish(load(services.s3, plan.manifest_uri, Manifest), fence=plan.fence)
    services.runs.update(plan.deployed.export, plan.run, step="retain")
