"""Step 3: read back one verifier's share of the committed files."""

from lakeshot.commit.manifest import Manifest
from lakeshot.runs.plan import Plan
from lakeshot.steps.handler import step
from lakeshot.steps.messages import VerifyFilesInput
from lakeshot.steps.services import Services
from lakeshot.steps.verifying_files import verify_files
from lakeshot.stored import load

services = Services.of_function()


@step(VerifyFilesInput)
def handler(given: VerifyFilesInput) -> None:
    """Verify the files of one share."""
    plan = load(services.s3, given.plan, Plan)
    manifest = load(services.s3, plan.manifest_uri, Manifest)
    services.runs.update(plan.deployed.export, plan.run, step="verify files")
    verify_files(services.s3, manifest, share=given.verifier, shares=plan.verifiers)
