"""A stage in memory: two exports and their group, and the steps of their runs told in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from lakeshot.columns.changes import CHANGE_COLUMNS
from lakeshot.commit.manifest import Manifest, save_manifest
from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.config.exports import parse_config
from lakeshot.dynamodb.rate import ReadRate
from lakeshot.files import FileFormat
from lakeshot.lake.staged_view import StagedView
from lakeshot.lake.view import ViewDefinition
from lakeshot.names import run_token
from lakeshot.runs.entrance import Entrance
from lakeshot.runs.keys import export_key, group_key
from lakeshot.runs.liveness import Liveness
from lakeshot.runs.lock import Lock
from lakeshot.runs.plan import NativeReading, Plan, Reading, ScanReading, SourceTable, plan_uri
from lakeshot.runs.pointers import Pointers
from lakeshot.runs.records import RunRecord, RunState, RunTable
from lakeshot.runs.snapshots import Snapshots
from lakeshot.steps.cataloguing import Cataloguer
from lakeshot.steps.closing import ClosedGroup, Closer
from lakeshot.steps.entering import EnteredRun, enter
from lakeshot.steps.messages import ExecutionEnd, RunInput
from lakeshot.steps.publishing_run import publish_run
from lakeshot.steps.reporting import Finished, Reporter
from lakeshot.steps.retaining import Retention
from lakeshot.steps.verifying_readable import verify_readable, verify_unread
from lakeshot.stored import save_once
from tests.in_memory.dynamodb import DynamoDBInMemory
from tests.in_memory.errors import EXCEPTIONS, fail
from tests.in_memory.s3 import S3InMemory
from tests.unit.conftest import BUCKET, NOON, RUN_TABLE
from tests.unit.lakes import LakeInMemory
from tests.unit.manifests import COLUMNS, manifest
from tests.unit.services import Session, group_view_opener, lake_opener, services_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

    from lakeshot.columns.types import Column

ARN = "arn:aws:states:us-east-1:123456789012:execution:lakeshot-dev-export:{}"
DAY_1, DAY_2, DAY_3 = "20261121T120000Z", "20261122T120000Z", "20261123T120000Z"
MEMBERS = ("reviews", "orders")
GROUP = DeployedGroup(group="nightly", stage="dev", database="lakeshot", bucket=BUCKET, exports=MEMBERS)


def deployed_export(name: str, table: str) -> Deployed:
    """An export without a crawler."""
    source = {"type": "dynamodb", "table": table}
    config = parse_config({"exports": {name: {"source": source, "catalog": "direct"}}})
    return Deployed.of(
        name=name,
        export=config.exports[name],
        stage="dev",
        database="lakeshot",
        bucket=BUCKET,
        job_role_arn=f"arn:aws:iam::123456789012:role/lakeshot-dev-{name}-job",
    )


class GroupViewInMemory:
    """Behaves as ``StagedView`` does for a group; a view's text is its query."""

    def __init__(self) -> None:
        self.lake = LakeInMemory()
        self.shown, self.replace = self.lake.shown, self.lake.replace
        self.staged, self.unstage, self.drop = self.lake.staged, self.lake.unstage, self.lake.drop_view

    def stage(self, run: str, select: str, *, snapshot: str | None) -> ViewDefinition:
        self.lake.staging[run] = self._definition(select, snapshot)
        return self.lake.staging[run]

    def stage_nothing(self, select: str) -> ViewDefinition:
        return self._definition(select, None)

    def _definition(self, select: str, snapshot: str | None) -> ViewDefinition:
        return ViewDefinition(
            snapshot=snapshot, original_text=select, expanded_text="", columns=(), parameters={}
        )


class JobsAndCrawlers:
    """Job runs and crawlers; what is stopped is over at the next look."""

    exceptions = EXCEPTIONS

    def __init__(self) -> None:
        self.job_runs: dict[str, list[dict[str, Any]]] = {}
        self.crawlers: dict[str, dict[str, Any]] = {}
        self.stopped: list[str] = []
        self.obeys = True

    def get_paginator(self, _: str) -> "JobsAndCrawlers":
        return self

    def paginate(self, *, JobName: str) -> Iterator[Mapping[str, object]]:  # noqa: N803
        return iter([{"JobRuns": self.job_runs.get(JobName, [])}])

    def start(self, job: str, run: str, id_: str) -> None:
        self.job_runs.setdefault(job, []).append(
            {"Id": id_, "JobRunState": "RUNNING", "Arguments": {"--run": run}, "ExecutionTime": 3600}
        )

    def get_job_run(self, *, JobName: str, RunId: str) -> Mapping[str, object]:  # noqa: N803
        (found,) = [one for one in self.job_runs[JobName] if one["Id"] == RunId]
        return {"JobRun": found}

    def batch_stop_job_run(self, *, JobName: str, JobRunIds: Sequence[str]) -> None:  # noqa: N803
        self.stopped += JobRunIds
        for one in self.job_runs[JobName]:
            if one["Id"] in JobRunIds and self.obeys:
                one["JobRunState"] = "STOPPED"

    def get_crawler(self, *, Name: str) -> Mapping[str, object]:  # noqa: N803
        if Name not in self.crawlers:
            fail("EntityNotFoundException")
        return {"Crawler": self.crawlers[Name]}

    def stop_crawler(self, *, Name: str) -> None:  # noqa: N803
        self.stopped.append(Name)
        if self.obeys:
            self.crawlers[Name]["State"] = "READY"


class ExecutionsInMemory:
    """Executions that go on until they are said to have ended, with what they are told to have ended with.

    ``forgotten`` are those that ended so long ago that Step Functions knows nothing of them.
    """

    exceptions = EXCEPTIONS

    def __init__(self) -> None:
        self.ends: dict[str, dict[str, object]] = {}
        self.forgotten: set[str] = set()

    def describe_execution(self, *, executionArn: str) -> Mapping[str, object]:  # noqa: N803
        run = executionArn.rsplit(":", 1)[-1]
        if run in self.forgotten:
            fail("ExecutionDoesNotExist")
        return {"executionArn": executionArn, **self.ends.get(run, {"status": "RUNNING"})}


class Parameters:
    """SSM's parameters."""

    exceptions = EXCEPTIONS

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get_parameter(self, *, Name: str) -> Mapping[str, object]:  # noqa: N803
        if Name not in self.values:
            fail("ParameterNotFound")
        return {"Parameter": {"Value": self.values[Name]}}


class Stage:
    """Two exports, their group, and everything around them."""

    def __init__(self) -> None:
        self.tables = DynamoDBInMemory()
        dynamodb: DynamoDBClient = cast("Any", self.tables)
        s3: S3Client = cast("Any", S3InMemory())
        self.dynamodb, self.s3, self.ssm = dynamodb, s3, Parameters()
        self.deployed = {
            "reviews": deployed_export("reviews", "Reviews"),
            "orders": deployed_export("orders", "Orders"),
        }
        self.lakes = {name: LakeInMemory() for name in MEMBERS}
        self.group_view = GroupViewInMemory()
        self.glue, self.executions = JobsAndCrawlers(), ExecutionsInMemory()
        self.runs, self.groups = RunTable(dynamodb, RUN_TABLE), RunTable.of_groups(dynamodb, RUN_TABLE)
        self.pointers = Pointers(dynamodb, table=RUN_TABLE)
        self.notices: list[tuple[str, str]] = []
        self.topic_is_broken = False
        for lake in self.lakes.values():  # as their stacks make them
            lake.replace(lake.stage_nothing(), fence=0)
        self.group_view.replace(self.group_view.stage_nothing("no rows"), fence=0)

    def deploy(self) -> None:
        """Record both exports and their group as deployed."""
        for name, deployed in self.deployed.items():
            self.ssm.values[f"/lakeshot/dev/exports/{name}"] = deployed.model_dump_json()
        self.ssm.values["/lakeshot/dev/groups/nightly"] = GROUP.model_dump_json()

    def deploy_as(self, export: str, file_format: FileFormat) -> None:
        """Let an export write another format from its next run on; without a view if no engine reads it."""
        self.deployed[export] = self.deployed[export].model_copy(update={"format": file_format})
        if not file_format.is_readable:
            self.lakes[export].drop_view()

    @property
    def lake(self) -> LakeInMemory:
        """The one of ``reviews``, for tests of one export."""
        return self.lakes["reviews"]

    @property
    def liveness(self) -> Liveness:
        return Liveness(sfn=cast("Any", self.executions), glue=cast("Any", self.glue))

    @property
    def shown(self) -> list[str | None]:
        """What the views show, in the order of the members."""
        return [lake.shown_snapshot for lake in self.lakes.values()]

    @property
    def published(self) -> list[str | None]:
        """What the pointers say, in the order of the members."""
        return [self.pointers.of(export).snapshot for export in MEMBERS]

    def snapshots(self, export: str = "reviews") -> Snapshots:
        return Snapshots(self.dynamodb, table=RUN_TABLE, export=export)

    def known(self, export: str = "reviews") -> list[str]:
        """Names of the snapshots that have an entry, the newest first."""
        return [snapshot.snapshot for snapshot in self.snapshots(export).all()]

    def lock(self, name: str = "reviews") -> Lock:
        return Lock(self.dynamodb, table=RUN_TABLE, partition=self._partition(name))

    def record(self, run: str, name: str = "reviews") -> RunRecord:
        record = (self.groups if name == GROUP.group else self.runs).get(name, run)
        assert record is not None
        return record

    def data(self) -> list[str]:
        """Keys of all data files."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix="snapshots_").get("Contents", [])
        return [item["Key"] for item in found]

    # What a run does, step by step.

    def begin(
        self,
        run: str,
        day: int,
        export: str = "reviews",
        *,
        group: DeployedGroup | None = None,
        rollback: bool = False,
        native: bool = False,
        follows: str | None = None,
        compared_with: str | None = None,
    ) -> Plan:
        """Recorded, entered, claimed and planned; natively, too, if there is one to follow or to compare."""
        moment = NOON + timedelta(days=day - 1)
        self._record(self.runs, run, export, moment, group=group.group if group else None)
        self._enter(export, run)
        if not rollback:
            assert self.snapshots(export).claim(run=run, moment=moment)
        plan = Plan(
            run=run,
            execution_arn=ARN.format(run),
            group=group,
            moment=moment,
            moment_from="the run's start",
            started_at=moment,
            deployed=self.deployed[export],
            baseline=None,
            allow_older=rollback,
            reading=None if rollback else _reading(moment, follows, compared_with, native=native),
            data_bytes=10,
            workers=2,
            timeout_minutes=60,
        )
        return save_once(self.s3, plan_uri(plan.deployed, run), plan)

    def begin_group(self, run: str, day: int, *, rollback: bool = False) -> list[Plan]:
        """The same for the group and both its members."""
        moment = NOON + timedelta(days=day - 1)
        self._record(self.groups, run, GROUP.group, moment, group=GROUP.group, members=MEMBERS)
        self._enter(GROUP.group, run)
        return [self.begin(run, day, export, group=GROUP, rollback=rollback) for export in MEMBERS]

    def enter(self, plan: Plan, redrive: int = 0, *, anew: bool = False) -> EnteredRun:
        uri = plan_uri(plan.deployed, plan.run)
        return enter(self.s3, self.dynamodb, uri, redrive=redrive, now=NOON, anew=anew)

    def commit(self, plan: Plan, rows: int = 2, columns: "tuple[Column, ...]" = COLUMNS) -> Manifest:
        """Files and manifest in place."""
        if plan.follows is not None:
            columns = (*CHANGE_COLUMNS, *columns)
        made = manifest(
            file_format=plan.deployed.format,
            snapshot=plan.snapshot,
            rows=rows,
            run=plan.run,
            columns=columns,
        ).model_copy(
            update={
                "export": plan.deployed.export,
                "prefix": plan.data_prefix,
                "moment": plan.moment,
                "keys": ("Id",),
                "follows": plan.follows,
                "of_one_instant": isinstance(plan.reading, NativeReading),
            }
        )
        committed = save_manifest(self.s3, BUCKET, plan.manifest_key, made)
        self.write(f"{plan.data_prefix}part-00000-0000-{run_token(plan.run)}.parquet")
        self.enter(plan).commit(committed)
        return committed.manifest

    def write(self, key: str, body: bytes = b"x") -> None:
        """Put an object there, whatever was."""
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType="")

    def remove(self, key: str) -> None:
        """Take an object away."""
        self.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key}]})

    def catalogue(self, plan: Plan, redrive: int = 0) -> str:
        cataloguer = Cataloguer(
            s3=self.s3, glue=cast("Any", self.glue), lake=self.lakes[plan.deployed.export]
        )
        return cataloguer.catalogue(self.enter(plan, redrive))

    def verify(self, plan: Plan, counted: int = 2, redrive: int = 0, **more: int) -> None:
        """``counted`` rows, and as many in the view unless ``more`` says otherwise."""
        numbers = {"rows": counted, "rows_shown": counted, **more}
        verify_readable(self.enter(plan, redrive), self.lakes[plan.deployed.export], self.pointers, numbers)

    def make_ready(self, plan: Plan, rows: int = 2, **more: int) -> None:
        """All that has to hold before a snapshot may be published."""
        self.commit(plan, rows)
        if not plan.deployed.format.is_readable:
            verify_unread(self.enter(plan))
            return
        self.catalogue(plan)
        self.verify(plan, rows, **more)

    def publish(self, *plans: Plan, allow_older: bool = False, redrive: int = 0) -> None:
        """As the publish step does it; ``allow_older`` as if the plans had said so."""
        for plan in plans if allow_older else ():
            self.write(_key(plan), plan.model_copy(update={"allow_older": True}).model_dump_json().encode())
        publish_run(
            services_of(Session(self)),
            RunInput(plans=tuple(plan_uri(plan.deployed, plan.run) for plan in plans), redrive=redrive),
            open_lake=lake_opener(self),
            open_group_view=group_view_opener(self),
        )

    @property
    def retention(self) -> Retention:
        return Retention(s3=self.s3, pointers=self.pointers, lake=self.lake)

    def retain(self, plan: Plan) -> None:
        """As the retain step does it for ``reviews``."""
        self.retention.retain(self.enter(plan))

    def report(self, *plans: Plan) -> None:
        runs = [self.enter(plan) for plan in plans]
        group = None if plans[0].group is None else self._enter(GROUP.group, plans[0].run)
        parts = [Finished(run.plan, run.fence, run.snapshot(), run.manifest()) for run in runs]
        self.reporter.report(parts, group, now=NOON)

    @property
    def reporter(self) -> Reporter:
        return Reporter(dynamodb=self.dynamodb, glue=cast("Any", self.glue), table=RUN_TABLE)

    def succeed(
        self,
        run: str,
        day: int,
        rows: int = 2,
        export: str = "reviews",
        *,
        native: bool = False,
        follows: str | None = None,
        **more: int,
    ) -> Plan:
        """A whole run of one export."""
        plan = self.begin(run, day, export, native=native, follows=follows)
        self.make_ready(plan, rows, **more)
        self.publish(plan)
        self.report(plan)
        return plan

    def succeed_together(self, run: str, day: int, rows: int = 2) -> list[Plan]:
        """A whole run of the group."""
        plans = self.begin_group(run, day)
        for plan in plans:
            self.make_ready(plan, rows)
        self.publish(*plans)
        self.report(*plans)
        return plans

    def close(
        self, run: str, *, group: bool = False, status: str = "FAILED", redrive: int = 0, **told: str
    ) -> None:
        """As the close step does it."""
        exports = MEMBERS if group else MEMBERS[:1]
        closer = Closer(
            s3=self.s3,
            dynamodb=self.dynamodb,
            liveness=self.liveness,
            exports=[(self.deployed[export], self.lakes[export]) for export in exports],
            group=ClosedGroup(name=GROUP.group, view=self.view_of_group) if group else None,
            notify=self.notify,
        )
        end = {"executionArn": ARN.format(run), "status": status, "redriveCount": redrive, **told}
        closer.close(ExecutionEnd.model_validate(end), now=NOON)

    def notify(self, subject: str, text: str) -> None:
        if self.topic_is_broken:
            raise ConnectionError("no route to SNS")
        self.notices.append((subject, text))

    @property
    def view_of_group(self) -> StagedView:
        return cast("StagedView", self.group_view)

    def _record(
        self,
        runs: RunTable,
        run: str,
        name: str,
        moment: datetime,
        *,
        group: str | None,
        members: tuple[str, ...] | None = None,
    ) -> None:
        runs.start(
            RunRecord(
                run=run,
                export=name,
                execution_arn=ARN.format(run),
                state=RunState.RUNNING,
                step="read",
                started_at=moment,
                group=group,
                members=members,
            )
        )

    def _enter(self, name: str, run: str) -> int:
        entrance = Entrance(self.dynamodb, table=RUN_TABLE, partition=self._partition(name))
        return entrance.enter(run=run, redrive=0, now=NOON)

    def _partition(self, name: str) -> str:
        return group_key(name) if name == GROUP.group else export_key(name)


def _key(plan: Plan) -> str:
    """Where a plan lies in the bucket."""
    return plan_uri(plan.deployed, plan.run).removeprefix(f"s3://{BUCKET}/")


def _reading(moment: datetime, follows: str | None, compared_with: str | None, *, native: bool) -> Reading:
    source = SourceTable(
        name="Reviews",
        arn="arn",
        item_count=2,
        size_bytes=10,
        on_demand=True,
        key_attributes={"Id": "S"},
    )
    if native or follows is not None or compared_with is not None:
        return NativeReading(
            route_from="a test",
            source=source,
            export_time=moment,
            follows=follows,
            compared_with=compared_with,
        )
    return ScanReading(
        route_from="route: scan",
        source=source,
        rate=ReadRate(units_per_second=1, basis="a test"),
        consistent_read=False,
        segments=1,
    )
