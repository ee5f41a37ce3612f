"""What a run is going to do with one export, and what the record and the states are told of that."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakeshot.columns.changes import row_columns
from lakeshot.commit.manifest import Manifest, load_manifest
from lakeshot.config.deployed import Deployed
from lakeshot.config.payload import Payload
from lakeshot.dynamodb.raw_export import RawExports
from lakeshot.errors import CatalogError, PayloadError
from lakeshot.names import StageNames, snapshot_moment, snapshot_name
from lakeshot.runs.chain import chain
from lakeshot.runs.plan import Baseline, NativeReading, Plan, QueryReading, Reading, plan_uri, raw_exports_uri
from lakeshot.runs.pointers import Pointers
from lakeshot.runs.snapshots import Snapshot, Snapshots
from lakeshot.steps.choosing_query import choose_query
from lakeshot.steps.choosing_reading import choose_reading, recovery_needed
from lakeshot.steps.choosing_scope import Published, Scope, choose_scope
from lakeshot.steps.messages import JobStart, Member
from lakeshot.steps.planned_run import PlannedRun
from lakeshot.stored import load_if_there

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

_STARTED = "the run's start; the table was read from then on"
_STARTED_QUERY = "the run's start; the rows are those of one snapshot, taken soon after"
_OTHER_KIND = {
    True: "has files that no query engine reads, so the view cannot show it",
    False: "is for a view to show, and the export has none any more",
}
"""Why a snapshot of an earlier format cannot be shown, if engines read what the export writes, and if not."""
_STARTED_TOGETHER = "the group's start; every table was read from then on"


@dataclass(frozen=True)
class ExportPlanner:
    """Plans one export after the other; the parameters are those of ``Planner``."""

    names: StageNames
    s3: "S3Client"
    dynamodb: "DynamoDBClient"
    source_client: Callable[[str], "DynamoDBClient"]

    def plan(
        self,
        run: PlannedRun,
        payload: Payload,
        deployed: Deployed,
        moment: datetime,
        scope: Scope | None,
    ) -> Plan:
        """What the run is to do with one export; PayloadError or SourceError if that cannot be done."""
        rollback = run.options.snapshot
        reading: Reading | None = None
        data_bytes: int | None
        if rollback is not None:
            data_bytes = self._retained(deployed, rollback).bytes_written or 0
        elif deployed.source.type == "dynamodb":
            reading = choose_reading(
                self.source_client(deployed.job_role_arn),
                payload,
                deployed,
                moment=moment,
                is_asked_for=run.options.moment is not None,
                scope=scope,
                reused=self._reused(payload, deployed),
            )
            data_bytes = reading.source.size_bytes
        else:
            reading = choose_query(
                payload,
                deployed,
                asked_moment=run.options.moment,
                run=[one for _, one in run.exports],
            )
            shown = self._shown(payload.export)
            data_bytes = shown.bytes_written if shown is not None else None
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

    def first_moment(
        self, run: PlannedRun, payload: Payload, deployed: Deployed, scope: Scope | None
    ) -> datetime:
        """What the run's data can stand for at the earliest, in whole seconds."""
        if run.options.moment is not None:
            return self._asked_moment(run, run.options.moment)
        if (reused := self._reused(payload, deployed)) is not None:
            return reused.export_time
        return scope.earliest_moment(run.started_at) if scope is not None else run.started_at

    def _asked_moment(self, run: PlannedRun, asked: str) -> datetime:
        moment = snapshot_moment(asked)
        if moment > run.started_at:
            raise PayloadError(
                f"moment {asked} lies in the future; the run began at {snapshot_name(run.started_at)}. Name "
                "an instant within the table's point-in-time recovery, or leave moment out for now"
            )
        return moment

    def scope(self, run: PlannedRun, payload: Payload, deployed: Deployed) -> Scope | None:
        """How much a run of kind ``changes`` exports; None for any other run, or PayloadError."""
        if run.options.snapshot is not None:
            return None
        if deployed.kind != "changes":
            if payload.full or payload.mode == "check":
                option = "full" if payload.full else "mode 'check'"
                raise PayloadError(
                    f"{option} is for exports of kind 'changes'; export {payload.export!r} is of kind "
                    f"{deployed.kind!r}, which exports the whole table every time. Leave it out"
                )
            return None
        recovery = recovery_needed(self.source_client(deployed.job_role_arn), deployed)
        try:
            published = self._published(payload.export)
        except CatalogError as error:
            if payload.mode == "check":
                raise PayloadError(f"export {payload.export!r} cannot be checked: {error}") from error
            return Scope(f"the whole table: {error}")
        return choose_scope(payload, deployed, published, recovery, started_at=run.started_at)

    def _published(self, export: str) -> Published | None:
        """What the view shows, if it shows anything; CatalogError if something that it needs is gone."""
        if (shown := self._shown(export)) is None:
            return None
        links = chain(shown, self._snapshots(export).get)
        manifest = self._manifest(shown)
        return Published(
            snapshot=shown.snapshot,
            moment=manifest.moment,
            began=snapshot_moment(links[0].snapshot),
            links=len(links) - 1,
            schemas=len({(link.generation, link.schema_fingerprint) for link in links[1:]}),
            columns=row_columns(manifest.columns),
            of_one_instant=manifest.of_one_instant,
        )

    def _manifest(self, entry: Snapshot) -> Manifest:
        return load_manifest(self.s3, str(entry.manifest), str(entry.manifest_sha256))

    def _reused(self, payload: Payload, deployed: Deployed) -> RawExports | None:
        """The finished exports of an earlier run that the payload names, or PayloadError.

        Of a database none: that they are asked for is refused where its reading is chosen.
        """
        if payload.reuse_export is None or deployed.source.type != "dynamodb":
            return None
        found = load_if_there(self.s3, raw_exports_uri(deployed, payload.reuse_export), RawExports)
        if found is None:
            raise PayloadError(
                f"reuse_export {payload.reuse_export!r}: export {payload.export!r} has no run of this name "
                "whose native export has finished; give such a run's id, or leave reuse_export out to make "
                f"a new export. See the runs with: make status, and make watch RUN={payload.reuse_export}"
            )
        return found

    def _retained(self, deployed: Deployed, snapshot: str) -> Snapshot:
        """The verified snapshot to show again, or PayloadError with those there are."""
        export, readable = deployed.export, deployed.format.is_readable
        known = self._snapshots(export)
        entry = known.get(snapshot)
        if entry is not None and entry.can_be_shown_again(readable=readable):
            return entry
        verified = [one.snapshot for one in known.all() if one.can_be_shown_again(readable=readable)]
        was = "does not exist, or not any more"
        if entry is not None:
            was = "was never verified" if entry.state != "verified" else _OTHER_KIND[readable]
        there = (
            f"those that can be shown again are: {', '.join(verified[:10])}" if verified else "none can be"
        )
        raise PayloadError(
            f"export {export!r} cannot be rolled back to snapshot {snapshot}: it {was}; {there}. "
            f"See them with: make rollback EXPORT={export}"
        )

    def _baseline(self, export: str) -> Baseline | None:
        entry = self._shown(export)
        if entry is None or entry.manifest is None or entry.manifest_sha256 is None:
            return None
        return Baseline(manifest=entry.manifest, sha256=entry.manifest_sha256)

    def _shown(self, export: str) -> Snapshot | None:
        """The published snapshot."""
        shown = Pointers(self.dynamodb, table=self.names.run_table).of(export).snapshot
        return self._snapshots(export).get(shown) if shown is not None else None

    def _snapshots(self, export: str) -> Snapshots:
        return Snapshots(self.dynamodb, table=self.names.run_table, export=export)


def planned_fields(plan: Plan) -> dict[str, object]:
    """What the run record tells of the plan."""
    reading = plan.reading
    if reading is None:
        return {"step": "verify files", "snapshot": plan.snapshot}
    told: dict[str, object] = {
        "snapshot": plan.snapshot,
        "route": reading.route,
        "route_from": reading.route_from,
    }
    if isinstance(reading, QueryReading):  # how much there is, only the job will see
        return {**told, "step": "read"}
    if plan.follows is not None:  # how much was written since, only the exports will tell
        return {**told, "follows": plan.follows, "step": "native export"}
    told |= {
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


def member(plan: Plan, region: str) -> Member:
    """What the states are told of the plan."""
    deployed = plan.deployed
    reads = plan.reading is not None
    return Member(
        run=plan.run,
        plan=plan_uri(deployed, plan.run),
        exports=isinstance(plan.reading, NativeReading),
        reads=reads,
        readable=deployed.format.is_readable,
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


def _moment_from(reading: Reading | None, *, together: bool) -> str:
    """In words, what instant a snapshot's moment is."""
    if isinstance(reading, NativeReading):
        if reading.windows:
            return "the end of the last window of DynamoDB's incremental exports; the table as it was then"
        return "the ExportTime of DynamoDB's own export; the table as it was at that instant"
    if isinstance(reading, QueryReading):
        return _STARTED_QUERY
    return _STARTED_TOGETHER if together else _STARTED
