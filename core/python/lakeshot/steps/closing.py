"""The end of a run that did not succeed: nothing of it stays, and somebody is told.

Called from the state machine's own Catch and, because aborts and time-outs run no Catch, again by an
event, and by a later run that finds the lock of an ended one; so every step may be repeated.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakeshot.commit.leftovers import abort_uploads, delete_files
from lakeshot.config.deployed import Deployed
from lakeshot.lake import Lake
from lakeshot.names import snapshot_prefix
from lakeshot.runs.keys import export_key, group_key
from lakeshot.runs.liveness import Liveness
from lakeshot.runs.lock import Lock
from lakeshot.runs.plan import run_prefix
from lakeshot.runs.pointers import Pointers
from lakeshot.runs.records import RunRecord, RunState, RunTable, expiry
from lakeshot.runs.snapshots import Snapshots
from lakeshot.runs.transactions import write_together
from lakeshot.steps.failure import Failure, explain
from lakeshot.steps.messages import ExecutionEnd
from lakeshot.steps.publishing import ExportView, GroupView, Publisher
from lakeshot.steps.stopping import stop_crawler, stop_job

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

    from lakeshot.lake.staged_view import StagedView


@dataclass(frozen=True)
class ClosedGroup:
    """The group that a run ran as one, and its view."""

    name: str
    view: "StagedView"


@dataclass(frozen=True)
class Closer:
    """Closes runs of some exports of one stage, which are a group if ``group`` is given.

    ``notify`` gets the subject and text of a notice.
    """

    s3: "S3Client"
    dynamodb: "DynamoDBClient"
    liveness: Liveness
    exports: Sequence[tuple[Deployed, Lake]]
    group: ClosedGroup | None
    notify: Callable[[str, str], None]

    def close(self, end: ExecutionEnd, *, now: datetime) -> None:
        """Record the end, fence the run off, stop its work, remove what it left, tell it, release its locks.

        Does nothing for an end after which the run was redriven.
        """
        run = end.run
        # Nobody enters a run that is over, so whoever takes a lock for it has done so before this.
        records = self._end(end, now)
        if any(record.redrive > end.redrive for record in records):
            return
        # A function may still be at work after its execution was aborted; from here on it can change nothing.
        fences = {lock.partition: lock.fence_off(run=run) for lock in self._locks()}
        # An export whose lock is not the run's was closed before, or never touched.
        held = [(deployed, lake) for deployed, lake in self.exports if fences[export_key(deployed.export)]]
        for deployed, _ in held:
            stop_job(self.liveness, deployed.names.resource, run)
            if deployed.catalog == "crawler":
                stop_crawler(self.liveness.glue, deployed.names.resource)
        self._put_back(run, fences)
        for deployed, lake in held:
            self._remove(run, deployed, lake, fence=fences[export_key(deployed.export)] or 0)
        if self.group is not None:
            self.group.view.unstage(run)
        self._tell(end, records)
        for lock in self._locks():
            lock.release(run=run)

    def _locks(self) -> list[Lock]:
        partitions = [export_key(deployed.export) for deployed, _ in self.exports]
        if self.group is not None:
            partitions.append(group_key(self.group.name))
        return [Lock(self.dynamodb, table=self._table, partition=one) for one in partitions]

    def _put_back(self, run: str, fences: dict[str, int | None]) -> None:
        """Put back the views that the run was moving when it ended."""
        views = []
        for deployed, lake in self.exports:
            pointer, fence = self._pointers.of(deployed.export), fences[export_key(deployed.export)]
            if pointer.mover == run and pointer.next is not None and fence is not None:
                views.append(
                    ExportView(
                        export=deployed.export,
                        lake=lake,
                        fence=fence,
                        snapshot=pointer.next,
                        rows=0,
                        run_uri=f"s3://{deployed.bucket}/{run_prefix(deployed, run)}",
                    )
                )
        if not views:
            return
        group = None
        if self.group is not None and (fence := fences[group_key(self.group.name)]) is not None:
            group = GroupView(view=self.group.view, fence=fence, select="")
        Publisher(s3=self.s3, pointers=self._pointers, run=run).put_back(views, group)

    def _remove(self, run: str, deployed: Deployed, lake: Lake, *, fence: int) -> None:
        """Remove every snapshot of the run that no view shows, with all its files."""
        snapshots = Snapshots(self.dynamodb, table=self._table, export=deployed.export)
        shown = self._pointers.of(deployed.export).protected
        for snapshot in snapshots.all():
            if snapshot.run != run or snapshot.snapshot in shown:
                continue
            snapshots.doom(snapshot.snapshot, run=run, fence=fence)
            # Whether it was to hold changes is only told when it is committed.
            for changes in (False, True):
                for generation in range(1, (snapshot.generation or 1) + 1):  # a crawler knows only the first
                    lake.remove(snapshot.snapshot, generation, changes=changes)
                prefix = snapshot_prefix(deployed.names.prefix_of(changes=changes), snapshot.snapshot)
                abort_uploads(self.s3, deployed.bucket, prefix, run)
                delete_files(self.s3, deployed.bucket, prefix, run)
            snapshots.forget(snapshot.snapshot)
        lake.unstage(run)

    def _end(self, end: ExecutionEnd, now: datetime) -> list[RunRecord]:
        """Record that the run is over; the records of the exports, then the group's."""
        fields = {"state": RunState(end.status).value, "finished_at": now, "expires_at": expiry(now)}
        records = []
        for runs, name in self._kept_in():
            record = self._recorded(runs, name, end, now)
            # A record that a redrive did not come to counts it all the same: nobody may open it any more.
            if record.state is RunState.RUNNING or record.redrive < end.redrive:
                ending = runs.closing(name, end.run, redrive=end.redrive, **fields)
                with suppress(self.dynamodb.exceptions.TransactionCanceledException):
                    write_together(self.dynamodb, [ending])
            records.append(self._recorded(runs, name, end, now))
        return records

    def _tell(self, end: ExecutionEnd, records: Sequence[RunRecord]) -> None:
        """Send the notice, then record the reason, so that a notice that could not be sent is sent later."""
        untold = [one.state is not RunState.SUCCEEDED and one.error is None for one in records]
        if not any(untold):
            return
        failure = explain(end)
        self.notify(*self._notice(records[-1], records[: len(self.exports)], end, failure))
        for (runs, name), is_untold in zip(self._kept_in(), untold, strict=True):
            if is_untold:
                told = runs.explaining(name, end.run, failure.cause, failure.next_step, redrive=end.redrive)
                with suppress(self.dynamodb.exceptions.TransactionCanceledException):  # redriven since
                    write_together(self.dynamodb, [told])

    def _kept_in(self) -> list[tuple[RunTable, str]]:
        """Where the run's records are, and under which name: those of the exports, then the group's."""
        kept = [(RunTable(self.dynamodb, self._table), deployed.export) for deployed, _ in self.exports]
        if self.group is not None:
            kept.append((RunTable.of_groups(self.dynamodb, self._table), self.group.name))
        return kept

    def _recorded(self, runs: RunTable, name: str, end: ExecutionEnd, now: datetime) -> RunRecord:
        """The run's record; a run whose payload could not be read gets one only here."""
        new = RunRecord(
            run=end.run,
            export=name,
            execution_arn=end.execution_arn,
            state=RunState.RUNNING,
            step="plan",
            started_at=now,
            redrive=end.redrive,
            group=self.group.name if self.group is not None else None,
        )
        runs.start(new)
        return runs.get(name, end.run) or new

    def _notice(
        self, about: RunRecord, members: Sequence[RunRecord], end: ExecutionEnd, failure: Failure
    ) -> tuple[str, str]:
        what = f"{'group' if self.group is not None else 'export'} {about.export}"
        step = ", ".join(dict.fromkeys(repr(record.step) for record in members))
        text = "\n".join(
            [
                f"{what.capitalize()}, run {about.run}: {end.status} in step {step}.",
                f"Cause: {failure.cause}",
                *(
                    f"Still safe: {self._safe(record, deployed)}"
                    for record, (deployed, _) in zip(members, self.exports, strict=True)
                ),
                f"Next step: {failure.next_step}",
                f"Execution: {about.execution_arn}",
            ]
        )
        return f"Lakeshot: {what} {end.status}", text

    def _safe(self, record: RunRecord, deployed: Deployed) -> str:
        view, shown = deployed.names.view, self._pointers.of(deployed.export).snapshot
        if not deployed.format.is_readable:
            if shown is None:
                return "Nothing was published yet, and there is no view."
            own = "this run's own, verified and published before" if shown == record.snapshot else "as before"
            return f"Snapshot {shown} is the published one, {own}; there is no view."
        if shown is None:
            return f"The view {view!r} shows no rows, as before: nothing was published yet."
        if shown == record.snapshot and record.mode != "rollback":
            return f"The view {view!r} shows this run's own snapshot {shown}, verified and published before."
        return f"The view {view!r} still shows snapshot {shown}. Nothing of this run is visible."

    @property
    def _table(self) -> str:
        return self.exports[0][0].stage_names.run_table

    @property
    def _pointers(self) -> Pointers:
        return Pointers(self.dynamodb, table=self._table)


def undeployed_notice(end: ExecutionEnd) -> tuple[str, str]:
    """Subject and text of the notice about an execution that named nothing deployed."""
    failure = explain(end)
    text = "\n".join(
        [
            f"Execution {end.execution_arn}: {end.status}.",
            f"Cause: {failure.cause}",
            f"Next step: {failure.next_step}",
        ]
    )
    return f"Lakeshot: execution {end.run} {end.status}", text
