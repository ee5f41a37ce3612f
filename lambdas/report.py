"""Step 8: complete the run record and release the lock."""

from datetime import UTC, datetime

from lakeshot.manifest import Manifest
from lakeshot.plan import Plan
from lakeshot.reporting import report
from lakeshot.services import Services
from lakeshot.step import step
from lakeshot.steps import ReportInput
from lakeshot.stored import load

services = Services.of_function()


@step(ReportInput)
def handler(given: ReportInput) -> None:
    """Report a run that succeeded."""
    plan = load(services.s3, given.plan, Plan)
    manifest = load(services.s3, plan.manifest_uri, Manifest)
    report(services.runs, given, plan, manifest, now=datetime.now(UTC))
    services.lock(plan.deployed).release(run=plan.run)
