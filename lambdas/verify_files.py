"""Step 3: read back one verifier's share of the committed files."""

from lakeshot.manifest import Manifest
from lakeshot.plan import Plan
from lakeshot.services import Services
from lakeshot.step import step
from lakeshot.steps import VerifyFilesInput
from lakeshot.stored import load
from lakeshot.verifying import verify_files

services = Services.of_function()


@step(VerifyFilesInput)
def handler(given: VerifyFilesInput) -> None:
    """Verify the files of one share."""
    plan = load(services.s3, given.plan, Plan)
    manifest = load(services.s3, plan.manifest_uri, Manifest)
    services.runs.update(plan.deployed.export, plan.run, step="verify files")
    verify_files(services.s3, manifest, share=given.verifier, shares=plan.verifiers)
