"""Step 5: hold what Athena reads against the manifest; from here on the snapshot is verified."""

from lakeshot.commit.manifest import Manifest
from lakeshot.lake.open import open_athena, open_lake
from lakeshot.runs.plan import Plan
from lakeshot.runs.snapshots import Snapshot
from lakeshot.steps.handler import step
from lakeshot.steps.messages import VerifyReadableInput
from lakeshot.steps.services import Services
from lakeshot.steps.verifying_readable import verify_readable
from lakeshot.stored import load

services = Services.of_function()


@step(VerifyReadableInput)
def handler(given: VerifyReadableInput) -> None:
    """Verify that the snapshot can be read, and record it as verified."""
    plan = load(services.s3, given.plan, Plan)
    manifest = load(services.s3, plan.manifest_uri, Manifest)
    counted = open_athena(services, plan.deployed).number(given.query_execution_id)
    verify_readable(open_lake(services, plan.deployed), manifest, counted)
    services.snapshots(plan.deployed).verified(
        Snapshot(
            snapshot=manifest.snapshot,
            run=plan.run,
            state="verified",
            manifest=plan.manifest_uri,
            rows=manifest.rows,
            bytes_written=manifest.bytes,
        ),
        fence=plan.fence,
    )
    services.runs.update(plan.deployed.export, plan.run, step="publish")
