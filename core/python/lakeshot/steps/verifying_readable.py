"""The last gate before publishing: what a reader of the catalog sees agrees with the manifest."""

from collections.abc import Mapping

from lakeshot.errors import LockLostError, RunGoneError, VerificationError
from lakeshot.lake import Lake
from lakeshot.lake.count_sql import MISSING, ROWS, ROWS_BENEATH, ROWS_SHOWN, SURPLUS
from lakeshot.lake.shown import Shown
from lakeshot.runs.pointers import Pointers
from lakeshot.steps.entering import EnteredRun
from lakeshot.steps.showing import showing


def verify_readable(run: EnteredRun, lake: Lake, pointers: Pointers, counted: Mapping[str, int]) -> None:
    """Hold what Athena counted against the manifest, make the view that is to be shown and read it, or raise.

    From then on the snapshot is recorded as verified. ``counted`` is the answer to ``Lake.count_query``.
    """
    manifest = run.manifest()
    if counted[ROWS] != manifest.rows:
        raise VerificationError(
            f"Athena counts {counted[ROWS]} rows in snapshot {manifest.snapshot}, the files hold "
            f"{manifest.rows}; the snapshot is not published. Look for foreign objects below "
            f"s3://{manifest.bucket}/{manifest.prefix}"
        )
    if run.plan.compared_with is not None:
        _check_equal(run, run.plan.compared_with, counted)
    shown = showing(run.s3, run.snapshots, run.snapshot())
    _check_beneath(run, shown, counted)
    try:
        lake.stage(shown, run=run.plan.run)
        run.snapshots.verified(
            manifest.snapshot, rows_shown=counted[ROWS_SHOWN], run=run.plan.run, fence=run.fence
        )
    except (LockLostError, RunGoneError):
        lake.unstage(run.plan.run)  # the run was closed meanwhile, and this came too late to be removed
        raise
    exports = run.plan.group.exports if run.plan.group else (run.plan.deployed.export,)
    # If it was published meanwhile, then by another invocation, which removed only what it staged itself.
    if pointers.arrived(exports, manifest.snapshot):
        lake.unstage(run.plan.run)


def verify_unread(run: EnteredRun) -> None:
    """Record a snapshot that no engine reads as verified, by its files alone.

    VerificationError for one that could have been read.
    """
    manifest = run.manifest()
    if manifest.format.is_readable:
        raise VerificationError(
            f"snapshot {manifest.snapshot} was to be published without being counted, although query engines "
            f"read {manifest.format.value} files; nothing was published. Run again"
        )
    run.snapshots.verified(manifest.snapshot, rows_shown=manifest.rows, run=run.plan.run, fence=run.fence)


def _check_beneath(run: EnteredRun, shown: Shown, counted: Mapping[str, int]) -> None:
    """VerificationError unless all that the view is made of is still there, as it was verified."""
    rows = sum(layer.rows for layer in (shown.base, *shown.changes))
    entry, names = run.snapshot(), run.plan.deployed.names
    found = counted.get(ROWS_BENEATH, rows)
    is_as_before = run.plan.reading is not None or counted[ROWS_SHOWN] == entry.rows_in_view
    if found != rows or not is_as_before:
        raise VerificationError(
            f"snapshot {shown.snapshot} follows others, in which Athena counts {found} rows together, its "
            f"own among them, and {rows} were committed; its view would show {counted[ROWS_SHOWN]}. Data "
            f"files or partitions of {names.table} or {names.changes_table} were removed or changed. The "
            "view is left as it is; restore them (the bucket keeps objects for 30 days), or export the whole "
            f"table: make run EXPORT={run.plan.deployed.export} ARGS=--full"
        )


def _check_equal(run: EnteredRun, compared_with: str, counted: Mapping[str, int]) -> None:
    """VerificationError unless the snapshot has the very same rows as the one it was compared with."""
    missing, surplus = counted[MISSING], counted[SURPLUS]
    if missing or surplus:
        export = run.plan.deployed.export
        raise VerificationError(
            f"snapshot {run.plan.snapshot} of export {export!r} is the whole table, as DynamoDB exported it, "
            f"at the instant of the published snapshot {compared_with}, but {missing} rows are in "
            f"{compared_with} only and {surplus} in {run.plan.snapshot} only. The view is left as it is and "
            f"shows {compared_with}, whose rows are not to be trusted. Find out who has changed data files "
            "or tables in the catalog (or, if the table was written to at that very instant, whether clocks "
            "of DynamoDB differed), then publish a fresh full export, which is compared with nothing: "
            f"make run EXPORT={export} ARGS=--full (full: true in the payload)"
        )
