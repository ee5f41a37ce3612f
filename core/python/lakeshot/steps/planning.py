"""The plan step: hold the payload against what is deployed, take the locks, settle moment and rates.

Planning the same execution again, after a lost answer or a redrive, gives the same plans.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.config.payload import GroupPayload, Payload, RunOptions, parse_payload
from lakeshot.dynamodb.raw_export import RawExport
from lakeshot.errors import PayloadError, RunClosingError
from lakeshot.names import StageNames, snapshot_moment, snapshot_name
from lakeshot.runs.entrance import Entrance
from lakeshot.runs.keys import export_key, group_key
from lakeshot.runs.lock import Holder, Lock
from lakeshot.runs.plan import Baseline, NativeReading, Plan, Reading, plan_uri, raw_export_uri
from lakeshot.runs.pointers import Pointers
from lakeshot.runs.records import RunRecord, RunState, RunTable, expiry
from lakeshot.runs.scheduled import ScheduledTimes
from lakeshot.runs.snapshots import Snapshot, Snapshots, claim_together, gone
from lakeshot.steps.choosing_reading import choose_reading
from lakeshot.steps.deployments import read_deployed, read_deployed_group
from lakeshot.steps.messages import JobStart, Member, PlanInput, Planned
from lakeshot.stored import load_if_there, save_once

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_ssm.client import SSMClient

_STARTED = "the run's start; the table was read from then on"
_STARTED_TOGETHER = "the group's start; every table was read from then on"


@dataclass(frozen=True)
class _Run:
    """One execution with what its payload names: the exports, and their group if they run as one."""

    name: str
    execution_arn: str
    started_at: datetime
    redrive: int
    group: DeployedGroup | None
    options: RunOptions
    exports: Sequence[tuple[Payload, Deployed]]

    @property
    def partition(self) -> str:
        """Partition of the run table that tells this run from others of its kind."""
        return group_key(self.group.group) if self.group else export_key(self.exports[0][0].export)


@dataclass(frozen=True)
class Planner:
    """Plans runs of one stage.

    ``source_client`` gives a DynamoDB client under the role it is called with, so that the source is
    only ever seen with the export's own permissions. ``close`` has the run of a lock's holder closed,
    without waiting for it, unless it is still running: then it says False. It is told the lock's partition.
    """

    names: StageNames
    ssm: "SSMClient"
    s3: "S3Client"
    dynamodb: "DynamoDBClient"
    source_client: Callable[[str], "DynamoDBClient"]
    close: Callable[[Holder, str], bool]

    def plan(self, given: PlanInput, *, now: datetime) -> Planned:
        """Plan one execution.

        Raises PayloadError for a payload that cannot be run, LockHeldError if another run is at work,
        and RunClosingError, to be tried again, while a run that has ended is being closed.
        """
        run = self._run(given)
        if (first := self._duplicated(run, now)) is not None:
            return Planned(duplicate_of=first)
        for partition in dict.fromkeys([run.partition, *(export_key(one.export) for one, _ in run.exports)]):
            self._enter(partition, run, now)
        plans = self._plans(run)
        for plan in plans:
            self._runs.update(plan.deployed.export, run.name, **_planned_fields(plan))
        return Planned(
            plans=tuple(plan_uri(plan.deployed, run.name) for plan in plans),
            members=tuple(_member(plan, self.s3.meta.region_name) for plan in plans),
        )

    def _run(self, given: PlanInput) -> _Run:
        payload = parse_payload(given.payload)
        group = None
        members: tuple[Payload, ...]
        if isinstance(payload, GroupPayload):
            group, members = read_deployed_group(self.ssm, self.names, payload.group), payload.members
        else:
            members = (payload,)
        run = _Run(
            name=given.execution_arn.rsplit(":", 1)[-1],
            execution_arn=given.execution_arn,
            started_at=given.started_at,
            redrive=given.redrive,
            group=group,
            options=payload,
            exports=[(one, read_deployed(self.ssm, self.names, one.export)) for one in members],
        )
        # First of all the records, which list what close will have to look after.
        if group is not None:
            self._groups.start(_record(run, group.group, members=tuple(one.export for one in members)))
        for one in members:
            self._runs.start(_record(run, one.export))
        if group is not None and isinstance(payload, GroupPayload):
            group.check(payload)
        for one, deployed in run.exports:
            deployed.check(one)
        return run

    def _duplicated(self, run: _Run, now: datetime) -> str | None:
        """The other run of the same scheduled time, if this one has to leave it to that; recorded."""
        if run.options.scheduled_time is None:
            return None
        name = run.group.group if run.group else run.exports[0][0].export
        times = ScheduledTimes(self.dynamodb, table=self.names.run_table, partition=run.partition, name=name)
        first = times.claim(run.options.scheduled_time, run=run.name, now=now)
        if first == run.name:
            return None
        told = {
            "state": RunState.SUCCEEDED.value,
            "step": "duplicate",
            "duplicate_of": first,
            "finished_at": now,
            "expires_at": expiry(now),
        }
        if run.group is not None:
            self._groups.update(run.group.group, run.name, **told)
        for one, _ in run.exports:
            self._runs.update(one.export, run.name, **told)
        return first

    def _enter(self, partition: str, run: _Run, now: datetime) -> None:
        lock = Lock(self.dynamodb, table=self.names.run_table, partition=partition)
        holder = lock.holder()
        if holder is not None and holder.run != run.name:
            if not self.close(holder, partition):
                raise lock.held(holder)
            raise RunClosingError(
                f"run {holder.run!r} has ended without being closed; it is being closed now, and this run "
                "goes on as soon as that is done. If it is not done in a quarter of an hour, look at the "
                f"log of {self.names.function('close')}"
            )
        entrance = Entrance(self.dynamodb, table=self.names.run_table, partition=partition)
        entrance.enter(run=run.name, redrive=run.redrive, now=now)

    def _plans(self, run: _Run) -> list[Plan]:
        uris = [plan_uri(deployed, run.name) for _, deployed in run.exports]
        settled = [plan for uri in uris if (plan := load_if_there(self.s3, uri, Plan)) is not None]
        moment = self._moment(run, settled[0].moment if settled else None)
        return [
            save_once(self.s3, uri, self._plan(run, payload, deployed, moment))
            for uri, (payload, deployed) in zip(uris, run.exports, strict=True)
        ]

    def _moment(self, run: _Run, settled: datetime | None) -> datetime:
        """The one moment of all exports, claimed in each; a rollback's is that of what it shows again."""
        if run.options.snapshot is not None:
            return snapshot_moment(run.options.snapshot)
        exports = [self._snapshots(one.export) for one, _ in run.exports]
        reused = [self._reused(one, deployed) for one, deployed in run.exports]
        first = reused[0].export_time if reused[0] is not None else run.started_at
        moment = claim_together(exports, run=run.name, moment=settled or first)
        if settled is not None and moment != settled:
            raise gone(run.name, snapshot_name(settled))
        return moment

    def _plan(self, run: _Run, payload: Payload, deployed: Deployed, moment: datetime) -> Plan:
        rollback = run.options.snapshot
        reading: Reading | None = None
        if rollback is None:
            reading = choose_reading(
                self.source_client(deployed.job_role_arn),
                payload,
                deployed,
                moment=moment,
                reused=self._reused(payload, deployed),
            )
            data_bytes = reading.source.size_bytes
        else:
            data_bytes = self._retained(payload.export, rollback).bytes_written or 0
        return Plan(
            run=run.name,
            execution_arn=run.execution_arn,
            group=run.group,
            moment=moment,
            moment_from=_moment_from(reading, together=run.group is not None),
            started_at=run.started_at,
            deployed=deployed,
            baseline=self._baseline(payload.export),
            allow_older=run.options.allow_older or rollback is not None,
            reading=reading,
            data_bytes=data_bytes,
            workers=payload.workers or deployed.workers,
            timeout_minutes=payload.timeout_minutes or deployed.timeout_minutes,
        )

    def _reused(self, payload: Payload, deployed: Deployed) -> RawExport | None:
        """The finished export of an earlier run that the payload names, or PayloadError."""
        if payload.reuse_export is None:
            return None
        found = load_if_there(self.s3, raw_export_uri(deployed, payload.reuse_export), RawExport)
        if found is None:
            raise PayloadError(
                f"reuse_export {payload.reuse_export!r}: export {payload.export!r} has no run of this name "
                "whose native export has finished; give such a run's id, or leave reuse_export out to make "
                f"a new export. See the runs with: make status, and make watch RUN={payload.reuse_export}"
            )
        return found

    def _retained(self, export: str, snapshot: str) -> Snapshot:
        """The verified snapshot to show again, or PayloadError with those there are."""
        known = self._snapshots(export)
        entry = known.get(snapshot)
        if entry is not None and entry.state == "verified":
            return entry
        verified = [one.snapshot for one in known.all() if one.state == "verified"]
        was = "was never verified" if entry is not None else "does not exist, or not any more"
        there = (
            f"those that can be shown again are: {', '.join(verified[:10])}" if verified else "none can be"
        )
        raise PayloadError(
            f"export {export!r} cannot be rolled back to snapshot {snapshot}: it {was}; {there}. "
            f"See them with: make rollback EXPORT={export}"
        )

    def _baseline(self, export: str) -> Baseline | None:
        shown = Pointers(self.dynamodb, table=self.names.run_table).of(export).snapshot
        entry = self._snapshots(export).get(shown) if shown is not None else None
        if entry is None or entry.manifest is None or entry.manifest_sha256 is None:
            return None
        return Baseline(manifest=entry.manifest, sha256=entry.manifest_sha256)

    def _snapshots(self, export: str) -> Snapshots:
        return Snapshots(self.dynamodb, table=self.names.run_table, export=export)

    @property
    def _runs(self) -> RunTable:
        return RunTable(self.dynamodb, self.names.run_table)

    @property
    def _groups(self) -> RunTable:
        return RunTable.of_groups(self.dynamodb, self.names.run_table)


def _record(run: _Run, name: str, members: tuple[str, ...] | None = None) -> RunRecord:
    return RunRecord(
        run=run.name,
        export=name,
        execution_arn=run.execution_arn,
        state=RunState.RUNNING,
        step="plan",
        started_at=run.started_at,
        redrive=run.redrive,
        group=run.group.group if run.group else None,
        members=members,
        mode=run.options.mode,
        scheduled_time=run.options.scheduled_time,
    )


def _planned_fields(plan: Plan) -> dict[str, object]:
    """What the run record tells of the plan."""
    reading = plan.reading
    if reading is None:
        return {"step": "verify files", "snapshot": plan.snapshot}
    told: dict[str, object] = {
        "snapshot": plan.snapshot,
        "route": reading.route,
        "route_from": reading.route_from,
        "rows_expected": reading.source.item_count,
        "expected_from": "DescribeTable's item count, up to 6 hours old",
    }
    if isinstance(reading, NativeReading):
        return {**told, "step": "native export"}
    return {
        **told,
        "step": "read",
        "rate_units_per_second": reading.rate.units_per_second,
        "rate_basis": reading.rate.basis,
        "segments": reading.segments,
        "expected_seconds": reading.expected_seconds,
    }


def _moment_from(reading: Reading | None, *, together: bool) -> str:
    """In words, what instant a snapshot's moment is."""
    if isinstance(reading, NativeReading):
        return "the ExportTime of DynamoDB's own export; the table as it was at that instant"
    return _STARTED_TOGETHER if together else _STARTED


def _member(plan: Plan, region: str) -> Member:
    deployed = plan.deployed
    reads = plan.reading is not None
    return Member(
        run=plan.run,
        plan=plan_uri(deployed, plan.run),
        exports=isinstance(plan.reading, NativeReading),
        reads=reads,
        crawls=reads and deployed.catalog == "crawler",
        crawler=deployed.names.resource,
        job=JobStart(
            name=deployed.names.resource,
            region=region,
            workers=plan.workers,
            worker_type=deployed.worker_type,
            timeout_minutes=plan.timeout_minutes,
        ),
        verifiers=tuple(range(plan.verifiers)),
    )
