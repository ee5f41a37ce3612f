"""Step 8: complete the run records and release the locks."""

from datetime import UTC, datetime

from lakeshot.runs.plan import Plan
from lakeshot.steps.handler import step
from lakeshot.steps.messages import RunInput
from lakeshot.steps.reporting import Finished, Reporter
from lakeshot.steps.services import Services
from lakeshot.stored import load

services = Services.of_function()


@step(RunInput)
def handler(given: RunInput) -> None:
    """Report a run that succeeded; once is enough."""
    reporter = Reporter(dynamodb=services.dynamodb, glue=services.glue, table=services.names.run_table)
    first = load(services.s3, given.plans[0], Plan)
    if reporter.is_reported(first):
        return
    runs = [services.enter(plan, given.redrive) for plan in given.plans]
    for run in runs:
        services.runs.update(run.plan.deployed.export, run.plan.run, step="report")
    group = services.enter_group(first.group, first.run, given.redrive) if first.group is not None else None
    parts = [Finished(run.plan, run.fence, run.snapshot(), run.manifest()) for run in runs]
    reporter.report(parts, group, now=datetime.now(UTC))
