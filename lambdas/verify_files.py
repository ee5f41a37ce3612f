"""Step 3: read back one verifier's share of the committed files."""

from lakeshot.steps.handler import step
from lakeshot.steps.messages import VerifyFilesInput
from lakeshot.steps.services import Services
from lakeshot.steps.verifying_files import verify_files

services = Services.of_function()


@step(VerifyFilesInput)
def handler(given: VerifyFilesInput) -> None:
    """Verify the files of one share."""
    run = services.enter(given.plan, given.redrive)
    services.runs.update(run.plan.deployed.export, run.plan.run, step="verify files")
    verify_files(services.s3, run.manifest(), share=given.verifier, shares=run.plan.verifiers)
