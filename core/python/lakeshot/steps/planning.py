"""The plan step: hold the payload against what is deployed, take the locks, settle moment and rates.

Planning the same execution again, after a lost answer or a redrive, gives the same plans.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakeshot.config.payload import GroupPayload, Payload, parse_payload
from lakeshot.errors import PayloadError, RunClosingError
from lakeshot.names import StageNames, snapshot_moment, snapshot_name
from lakeshot.runs.entrance import Entrance
from lakeshot.runs.keys import export_key
from lakeshot.runs.lock import Holder, Lock
from lakeshot.runs.plan import Plan, plan_uri
from lakeshot.runs.records import RunState, RunTable, expiry
from lakeshot.runs.scheduled import ScheduledTimes
from lakeshot.runs.snapshots import Snapshots, claim_together, gone
from lakeshot.steps.choosing_scope import Scope
from lakeshot.steps.deployments import read_deployed, read_deployed_group
from lakeshot.steps.messages import PlanInput, Planned
from lakeshot.steps.planned_run import PlannedRun
from lakeshot.steps.planning_export import ExportPlanner, member, planned_fields
from lakeshot.stored import load_if_there, save_once

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_ssm.client import SSMClient


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
            self._runs.update(plan.deployed.export, run.name, **planned_fields(plan))
        return Planned(
            plans=tuple(plan_uri(plan.deployed, run.name) for plan in plans),
            members=tuple(member(plan, self.s3.meta.region_name) for plan in plans),
        )

    def _run(self, given: PlanInput) -> PlannedRun:
        payload = parse_payload(given.payload)
        group = None
        members: tuple[Payload, ...]
        if isinstance(payload, GroupPayload):
            group, members = read_deployed_group(self.ssm, self.names, payload.group), payload.members
        else:
            members = (payload,)
        run = PlannedRun(
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
            self._groups.start(run.record(group.group, members=tuple(one.export for one in members)))
        for one in members:
            self._runs.start(run.record(one.export))
        if group is not None and isinstance(payload, GroupPayload):
            group.check(payload)
        for one, deployed in run.exports:
            deployed.check(one)
        return run

    def _duplicated(self, run: PlannedRun, now: datetime) -> str | None:
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

    def _enter(self, partition: str, run: PlannedRun, now: datetime) -> None:
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

    def _plans(self, run: PlannedRun) -> list[Plan]:
        uris = [plan_uri(deployed, run.name) for _, deployed in run.exports]
        settled = [load_if_there(self.s3, uri, Plan) for uri in uris]
        # What was settled is not settled anew: by now the source, or what is published, may say otherwise.
        scopes = [
            None if plan is not None else self._exports.scope(run, *one)
            for plan, one in zip(settled, run.exports, strict=True)
        ]
        moment = self._moment(
            run, next((plan.moment for plan in settled if plan is not None), None), scopes[0]
        )
        return [
            plan or save_once(self.s3, uri, self._exports.plan(run, payload, deployed, moment, scope))
            for plan, uri, (payload, deployed), scope in zip(settled, uris, run.exports, scopes, strict=True)
        ]

    def _moment(self, run: PlannedRun, settled: datetime | None, scope: Scope | None) -> datetime:
        """The one moment of all exports, claimed in each; a rollback's is that of what it shows again."""
        if run.options.snapshot is not None:
            return snapshot_moment(run.options.snapshot)
        exports = [self._snapshots(one.export) for one, _ in run.exports]
        # Of several exports all begin alike: no member of a group reuses an export, or is of kind changes.
        wanted = settled or self._exports.first_moment(run, *run.exports[0], scope)
        moment = claim_together(exports, run=run.name, moment=wanted)
        if settled is not None and moment != settled:
            raise gone(run.name, snapshot_name(settled))
        if run.options.moment is not None and moment != wanted:
            for snapshots in exports:
                snapshots.unclaim(run=run.name, moment=moment)
            raise PayloadError(
                f"there is, or was, a snapshot of moment {run.options.moment} already, and no two are called "
                "alike; name another moment"
            )
        return moment

    def _snapshots(self, export: str) -> Snapshots:
        return Snapshots(self.dynamodb, table=self.names.run_table, export=export)

    @property
    def _exports(self) -> ExportPlanner:
        return ExportPlanner(
            names=self.names, s3=self.s3, dynamodb=self.dynamodb, source_client=self.source_client
        )

    @property
    def _runs(self) -> RunTable:
        return RunTable(self.dynamodb, self.names.run_table)

    @property
    def _groups(self) -> RunTable:
        return RunTable.of_groups(self.dynamodb, self.names.run_table)
