"""The end of a run that did not succeed: nothing of it stays, and somebody is told.

Called from the state machine's own Catch and, because aborts and time-outs run no Catch, again by an
event; so every step may be repeated.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakeshot.deployed import Deployed
from lakeshot.failure import Failure, explain
from lakeshot.lake import Lake
from lakeshot.leftovers import abort_uploads, delete_files
from lakeshot.liveness import Liveness
from lakeshot.lock import Lock
from lakeshot.manifest import Manifest
from lakeshot.names import snapshot_prefix
from lakeshot.runs import RunRecord, RunState, RunTable
from lakeshot.snapshots import Snapshot, Snapshots
from lakeshot.steps import ExecutionEnd
from lakeshot.stored import load

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
        self._stop_job(run)
        for snapshot in self._snapshots.all():
            if snapshot.run == run:
                self._settle(snapshot)
        failure = explain(self._with_cause(end))
        record = self._runs.get(self.deployed.export, run)
        if record is not None and record.state == RunState.RUNNING:
            self._runs.update(
                self.deployed.export,
                run,
                state=RunState(end.status).value,
                finished_at=now,
                error=failure.cause,
                next_step=failure.next_step,
            )
            self.notify(*self._notice(record, end, failure))
        self._lock.release(run=run)

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
        """Keep a snapshot that was published, and see that the view shows it; remove any other."""
        if self._snapshots.published() == snapshot.snapshot:
            self.lake.show(load(self.s3, str(snapshot.manifest), Manifest))
            return
        self.lake.remove(snapshot.snapshot)
        prefix = snapshot_prefix(self.deployed.names.data_prefix, snapshot.snapshot)
        abort_uploads(self.s3, self.deployed.bucket, prefix, snapshot.run)
        delete_files(self.s3, self.deployed.bucket, prefix, snapshot.run)
        self._snapshots.forget(snapshot.snapshot)

    def _notice(self, record: RunRecord, end: ExecutionEnd, failure: Failure) -> tuple[str, str]:
        shown = self._snapshots.published()
        safe = f"The view {self.deployed.names.view!r} " + (
            f"still shows snapshot {shown}."
            if shown
            else "shows no rows, as before: nothing was published yet."
        )
        text = "\n".join(
            [
                f"Export {record.export}, run {record.run}: {end.status} in step {record.step!r}.",
                f"Cause: {failure.cause}",
                f"Still safe: {safe} Nothing of this run is visible.",
                f"Next step: {failure.next_step}",
                f"Execution: {record.execution_arn}",
            ]
        )
        return f"Lakeshot: export {record.export} {end.status}", text

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
