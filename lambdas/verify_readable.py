"""Step 5: hold what Athena reads, if it reads any, against the manifest; from here on it is verified."""

from lakeshot.steps.handler import step
from lakeshot.steps.messages import VerifyReadableInput
from lakeshot.steps.opening_lake import open_athena, open_lake
from lakeshot.steps.services import Services
from lakeshot.steps.verifying_readable import verify_readable, verify_unread

services = Services.of_function()


@step(VerifyReadableInput)
def handler(given: VerifyReadableInput) -> None:
    """Verify that the snapshot can be read, by the view that will show it, and record it as verified."""
    run = services.enter(given.plan, given.redrive)
    services.runs.update(run.plan.deployed.export, run.plan.run, step="verify readable")
    if given.query_execution_id is None:
        verify_unread(run)
        return
    counted = open_athena(services, run.plan.deployed).numbers(given.query_execution_id)
    verify_readable(run, open_lake(services, run.plan.deployed), services.pointers, counted)
