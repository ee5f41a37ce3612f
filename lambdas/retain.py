"""Step 7: remove snapshots that are older than the retention."""

from lakeshot.lake.open import open_lake
from lakeshot.plan import Plan
from lakeshot.retaining import Retention
from lakeshot.services import Services
from lakeshot.step import step
from lakeshot.steps import StepInput
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
