"""Step 7: remove snapshots that are older than the retention."""

from lakeshot.steps.handler import step
from lakeshot.steps.messages import RunInput
from lakeshot.steps.opening_lake import open_lake
from lakeshot.steps.retaining import Retention
from lakeshot.steps.services import Services

services = Services.of_function()


@step(RunInput)
def handler(given: RunInput) -> None:
    """Apply the retention of every export of the run."""
    for plan in given.plans:
        run = services.enter(plan, given.redrive)
        services.runs.update(run.plan.deployed.export, run.plan.run, step="retain")
        lake = open_lake(services, run.plan.deployed)
        Retention(s3=services.s3, pointers=services.pointers, lake=lake).retain(run)
