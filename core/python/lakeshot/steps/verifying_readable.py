"""The last gate before publishing: what a reader of the catalog sees agrees with the manifest."""

from lakeshot.errors import CatalogError, LockLostError, RunGoneError, VerificationError
from lakeshot.lake import Lake
from lakeshot.runs.pointers import Pointers
from lakeshot.steps.entering import EnteredRun


def verify_readable(run: EnteredRun, lake: Lake, pointers: Pointers, counted: int) -> None:
    """Hold Athena's count against the manifest, make the view that is to be shown, and read it, or raise.

    From then on the snapshot is recorded as verified.
    """
    manifest, generation = run.manifest(), run.snapshot().generation
    if counted != manifest.rows:
        raise VerificationError(
            f"Athena counts {counted} rows in snapshot {manifest.snapshot}, the files hold {manifest.rows}; "
            "the snapshot is not published. Look for foreign objects below "
            f"s3://{manifest.bucket}/{manifest.prefix}"
        )
    if generation is None:
        raise CatalogError(f"snapshot {manifest.snapshot} is not in the catalog; run again")
    try:
        lake.stage(manifest, generation, run=run.plan.run)
        run.snapshots.verified(manifest.snapshot, run=run.plan.run, fence=run.fence)
    except (LockLostError, RunGoneError):
        lake.unstage(run.plan.run)  # the run was closed meanwhile, and this came too late to be removed
        raise
    exports = run.plan.group.exports if run.plan.group else (run.plan.deployed.export,)
    # If it was published meanwhile, then by another invocation, which removed only what it staged itself.
    if pointers.arrived(exports, manifest.snapshot):
        lake.unstage(run.plan.run)
