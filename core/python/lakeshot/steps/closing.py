"""The end of a run that did not succeed: nothing of it stays, and somebody is told.

Called from the state machine's own Catch and, because aborts and time-outs run no Catch, again by an
event; so every step may be repeated.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakeshot.commit.leftovers import abort_uploads, delete_files
from lakeshot.config.deployed import Deployed
from lakeshot.lake import Lake
from lakeshot.names import snapshot_prefix
from lakeshot.runs.liveness import Liveness
from lakeshot.runs.lock import Lock
from lakeshot.runs.records import AFTER_PUBLISH, RunRecord, RunState, RunTable, expiry
from lakeshot.runs.snapshots import Snapshot, Snapshots
from lakeshot.steps.failure import Failure, explain
from lakeshot.steps.messages import ExecutionEnd
from lakeshot.steps.publishing import Publisher

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

_STOP_POLLS, _STOP_POLL_SECONDS = 60, 2.0


@dataclass(frozen=True)
class Closer:
    """Closes runs of one export. ``notify`` gets the subject and text of a notice."""

    s3: "S3Client"
    dynamodb: "DynamoDBClient"
    liveness: Liveness
    lake: Lake
    deployed: Deployed
    notify: Callable[[str, str], None]

    def close(self, end: ExecutionEnd, *, now: datetime) -> None:
        """Stop the job, remove what the run left, record why it ended, tell it, release the lock."""
        run = end.run
        # A function may still be at work after its execution was aborted; from here on it can change nothing.
        self._lock.fence_off(run=run)
        self._stop_job(run)
        for snapshot in self._snapshots.all():
            if snapshot.run == run:
                self._settle(snapshot)
        self._tell(end, now)
        self._lock.release(run=run)

    def _tell(self, end: ExecutionEnd, now: datetime) -> None:
        """Send the notice, then record the end, so that a notice that could not be sent is sent later."""
        failure = explain(self._with_cause(end))
        record = self._record(end, now)
        if record.state is not RunState.RUNNING:
            return
        self.notify(*self._notice(record, end, failure))
        self._runs.update(
            self.deployed.export,
            end.run,
            state=RunState(end.status).value,
            finished_at=now,
            expires_at=expiry(now),
            error=failure.cause,
            next_step=failure.next_step,
        )

    def _record(self, end: ExecutionEnd, now: datetime) -> RunRecord:
        """The run's record; a run whose payload could not be read gets one only here."""
        new = RunRecord(
            run=end.run,
            export=self.deployed.export,
            execution_arn=end.execution_arn,
            state=RunState.RUNNING,
            step="plan",
            started_at=now,
        )
        self._runs.start(new)
        return self._runs.get(self.deployed.export, end.run) or new

    def _with_cause(self, end: ExecutionEnd) -> ExecutionEnd:
        """The end with the cause that was given for it; the event of a stopped execution may lack it."""
        if end.cause is not None:
            return end
        found = self.liveness.sfn.describe_execution(executionArn=end.execution_arn)
        return end.model_copy(update={"error": found.get("error"), "cause": found.get("cause")})

    def _stop_job(self, run: str) -> None:
        """Stop the run's Glue job runs and wait until they are over, so that none writes any more."""
        job = self.deployed.names.resource
        for _ in range(_STOP_POLLS):
            alive = list(self.liveness.live_job_runs(job, run))
            if not alive:
                return
            self.liveness.glue.batch_stop_job_run(JobName=job, JobRunIds=alive)
            time.sleep(_STOP_POLL_SECONDS)
        raise TimeoutError(f"Glue job runs {alive} of {job} do not stop")

    def _settle(self, snapshot: Snapshot) -> None:
        """Keep a snapshot whose publication was finished; remove any other, with all its files."""
        holder = self._lock.holder()
        if self._snapshots.published() == snapshot.snapshot:
            if self._was_published(snapshot.run) or holder is None or holder.run != snapshot.run:
                return
            publisher = Publisher(s3=self.s3, snapshots=self._snapshots, lake=self.lake)
            publisher.take_back(snapshot.snapshot, run=snapshot.run, fence=holder.fence)
        self.lake.remove(snapshot.snapshot)
        prefix = snapshot_prefix(self.deployed.names.data_prefix, snapshot.snapshot)
        abort_uploads(self.s3, self.deployed.bucket, prefix, snapshot.run)
        delete_files(self.s3, self.deployed.bucket, prefix, snapshot.run)
        self._snapshots.forget(snapshot.snapshot)

    def _was_published(self, run: str) -> bool:
        """Whether the publish step of a run came to its end."""
        record = self._runs.get(self.deployed.export, run)
        return record is not None and record.step in AFTER_PUBLISH

    def _notice(self, record: RunRecord, end: ExecutionEnd, failure: Failure) -> tuple[str, str]:
        text = "\n".join(
            [
                f"Export {record.export}, run {record.run}: {end.status} in step {record.step!r}.",
                f"Cause: {failure.cause}",
                f"Still safe: {self._safe(record)}",
                f"Next step: {failure.next_step}",
                f"Execution: {record.execution_arn}",
            ]
        )
        return f"Lakeshot: export {record.export} {end.status}", text

    def _safe(self, record: RunRecord) -> str:
        view, shown = self.deployed.names.view, self._snapshots.published()
        if shown is None:
            return f"The view {view!r} shows no rows, as before: nothing was published yet."
        if shown == record.snapshot:
            return f"The view {view!r} shows this run's own snapshot {shown}, verified and published before."
        return f"The view {view!r} still shows snapshot {shown}. Nothing of this run is visible."

    @property
    def _runs(self) -> RunTable:
        return RunTable(self.dynamodb, self.deployed.stage_names.run_table)

    @property
    def _lock(self) -> Lock:
        return Lock(self.dynamodb, table=self.deployed.stage_names.run_table, export=self.deployed.export)

    @property
    def _snapshots(self) -> Snapshots:
        return Snapshots(
            self.dynamodb, table=self.deployed.stage_names.run_table, export=self.deployed.export
        )


def undeployed_notice(end: ExecutionEnd) -> tuple[str, str]:
    """Subject and text of the notice about an execution that named no deployed export."""
    failure = explain(end)
    text = "\n".join(
        [
            f"Execution {end.execution_arn}: {end.status}.",
            f"Cause: {failure.cause}",
            f"Next step: {failure.next_step}",
        ]
    )
    return f"Lakeshot: execution {end.run} {end.status}", text
