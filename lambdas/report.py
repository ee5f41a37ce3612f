"""Step 8: complete the run record and release the lock."""

from datetime import UTC, datetime

from lakeshot.commit.manifest import Manifest
from lakeshot.runs.plan import Plan
from lakeshot.steps.handler import step
from lakeshot.steps.messages import ReportInput
from lakeshot.steps.reporting import report
from lakeshot.steps.services import Services
from lakeshot.stored import load

services = Services.of_function()


@step(ReportInput)
def handler(given: ReportInput) -> None:
    """Report a run that succeeded."""
    plan = load(services.s3, given.plan, Plan)
    manifest = load(services.s3, plan.manifest_uri, Manifest)
    report(services.runs, given, plan, manifest, now=datetime.now(UTC))
    services.lock(plan.deployed).release(run=plan.run)
