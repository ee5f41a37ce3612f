"""Step 7: remove snapshots that are older than the retention."""

from lakeshot.lake.open import open_lake
from lakeshot.runs.plan import Plan
from lakeshot.steps.handler import step
from lakeshot.steps.messages import StepInput
from lakeshot.steps.retaining import Retention
from lakeshot.steps.services import Services
from lakeshot.stored import load

services = Services.of_function()


@step(StepInput)
def handler(given: StepInput) -> None:
    """Apply the export's retention."""
    plan = load(services.s3, given.plan, Plan)
    retention = Retention(
        s3=services.s3,
        snapshots=services.snapshots(plan.deployed),
        lock=services.lock(plan.deployed),
        lake=open_lake(services, plan.deployed),
        deployed=plan.deployed,
    )
    retention.retain(plan)
    services.runs.update(plan.deployed.export, plan.run, step="report")
