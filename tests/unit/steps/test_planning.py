"""The plan step: what it settles, what it refuses, and that it settles nothing twice."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from lakeshot.config.connections import DeployedConnection
from lakeshot.config.deployed import Deployed
from lakeshot.errors import LockHeldError, PayloadError, RunClosingError, RunGoneError, SourceError
from lakeshot.files import FileFormat
from lakeshot.names import StageNames
from lakeshot.postgres.source import PostgresSource
from lakeshot.runs.lock import Holder
from lakeshot.runs.plan import Baseline, Plan, raw_exports_uri
from lakeshot.runs.records import RunState
from lakeshot.steps.messages import PlanInput, Planned
from lakeshot.steps.planning import Planner
from lakeshot.stored import load, save_once
from tests.unit.conftest import BUCKET, NOON
from tests.unit.raw_exports import raw_exports
from tests.unit.stage import ARN, DAY_1, DAY_2, GROUP, MEMBERS, Stage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TIME = "2026-11-21T12:00:00Z"


class Desk:
    """A planner of the stage, and executions that come to it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.asked_to_close: list[tuple[Holder, str]] = []
        self.ended: set[str] = set()
        self.roles: list[str] = []
        self.recoverable: set[str] = set()
        for name, deployed in stage.deployed.items():
            stage.ssm.values[f"/lakeshot/dev/exports/{name}"] = deployed.model_dump_json()
        stage.ssm.values["/lakeshot/dev/groups/nightly"] = GROUP.model_dump_json()
        for table, item_count in (("Reviews", 7), ("Orders", 8)):
            stage.tables.sources[table] = {
                "TableArn": f"arn:{table}",
                "TableStatus": "ACTIVE",
                "KeySchema": [{"AttributeName": "Id"}, {"AttributeName": "At"}],
                "AttributeDefinitions": [
                    {"AttributeName": "Id", "AttributeType": "S"},
                    {"AttributeName": "At", "AttributeType": "N"},
                ],
                "ProvisionedThroughput": {"ReadCapacityUnits": 400},
                "ItemCount": item_count,
                "TableSizeBytes": 9 * 1024**3,
            }

    def deploy_as(self, file_format: FileFormat) -> None:
        """Let ``reviews`` write another format."""
        self.stage.deploy_as("reviews", file_format)
        if self.stage.lake.shown() is None and file_format.is_readable:
            self.stage.lake.replace(self.stage.lake.stage_nothing(), fence=0)
        self.stage.ssm.values["/lakeshot/dev/exports/reviews"] = self.stage.deployed[
            "reviews"
        ].model_dump_json()

    def plan(
        self, run: str = "run-1", *, redrive: int = 0, at: datetime = NOON, **changes: object
    ) -> Planned:
        """One execution of ``reviews``."""
        payload = self.stage.deployed["reviews"].payload().model_dump(mode="json", exclude_defaults=True)
        return self.give({**payload, **changes}, run, redrive, at=at)

    def plan_group(self, run: str = "run-1", *, redrive: int = 0, **changes: object) -> Planned:
        """One execution of the group."""
        payload = GROUP.payload([self.stage.deployed[name] for name in MEMBERS])
        return self.give({**json.loads(payload.text()), **changes}, run, redrive)

    def give(self, payload: object, run: str = "run-1", redrive: int = 0, *, at: datetime = NOON) -> Planned:
        given = PlanInput(payload=payload, execution_arn=ARN.format(run), started_at=at, redrive=redrive)
        return self.planner().plan(given, now=at)

    def planner(self) -> Planner:
        return Planner(
            names=StageNames(stage="dev"),
            ssm=cast("Any", self.stage.ssm),
            s3=self.stage.s3,
            dynamodb=self.stage.dynamodb,
            source_client=self.source,
            close=self.close,
        )

    def close(self, holder: Holder, partition: str) -> bool:
        if holder.run not in self.ended:
            return False
        self.asked_to_close.append((holder, partition))
        return True

    def source(self, role_arn: str) -> "DynamoDBClient":
        self.roles.append(role_arn)
        client = SimpleNamespace(
            describe_table=self.stage.dynamodb.describe_table,
            describe_continuous_backups=self.describe_continuous_backups,
            exceptions=self.stage.dynamodb.exceptions,
            meta=SimpleNamespace(region_name="us-east-1"),
        )
        return cast("DynamoDBClient", client)

    def describe_continuous_backups(self, *, TableName: str) -> Mapping[str, object]:  # noqa: N803
        recovery: dict[str, object] = {"PointInTimeRecoveryStatus": "DISABLED"}
        if TableName in self.recoverable:
            earliest = NOON - timedelta(days=20)
            recovery = {"PointInTimeRecoveryStatus": "ENABLED", "EarliestRestorableDateTime": earliest}
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery}}

    def close_and_check(self, run: str, before: str) -> Planned:
        """A check after the run before has ended without success."""
        self.stage.close(before, cause="boom")
        return self.plan(run, at=NOON + timedelta(hours=2), mode="check")

    def follow_changes(self) -> None:
        """Have ``reviews`` deployed as an export of changes, of a table with recovery."""
        self.recoverable.add("Reviews")
        changes = {"kind": "changes", "full_every_days": 7, "route": "native"}
        self.stage.deployed["reviews"] = self.stage.deployed["reviews"].model_copy(update=changes)
        self.stage.deploy()

    def plans(self, planned: Planned) -> list[Plan]:
        return [load(self.stage.s3, uri, Plan) for uri in planned.plans]


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return Desk(stage)


# What a plan settles.


def test_a_plan_settles_rate_moment_and_places(desk: Desk) -> None:
    """A quarter of 400 provisioned units, at the execution's start, in the run's own folder."""
    planned = desk.plan()
    (plan,) = desk.plans(planned)
    assert planned.plans == (f"s3://{BUCKET}/runs/reviews/run-1/plan.json",)
    assert (plan.scan.rate.units_per_second, plan.scan.rate.basis) == (
        100,
        "25% of 400 provisioned read units",
    )
    assert (plan.snapshot, plan.moment_from) == (
        DAY_1,
        "the run's start; the table was read from then on",
    )
    assert plan.data_prefix == f"snapshots_reviews/snapshot_timestamp={DAY_1}/"
    assert plan.scan.source.key_attributes == {"Id": "S", "At": "N"}
    assert (plan.baseline, plan.group, plan.allow_older) == (None, None, False)


def test_what_the_states_get_names_plan_job_and_verifiers(desk: Desk) -> None:
    """References and counts only: Step Functions passes at most 256 KiB between states."""
    planned = desk.plan()
    (member,) = planned.members
    assert (member.run, member.plan, member.reads, member.crawls) == ("run-1", planned.plans[0], True, False)
    assert (member.job.name, member.job.region, member.job.workers) == (
        "lakeshot-dev-reviews",
        "us-east-1",
        2,
    )
    assert member.verifiers == (0, 1)  # 9 GiB, of which one reads 8
    assert len(planned.model_dump_json()) < 1024


def test_many_small_files_are_verified_by_as_many_as_there_may_be(desk: Desk) -> None:
    """Each costs a request, however few bytes it has; folders of values may make thousands."""
    deployed = desk.stage.deployed["reviews"].model_copy(update={"partition_by": ("Country",)})
    desk.stage.ssm.values["/lakeshot/dev/exports/reviews"] = deployed.model_dump_json()
    (member,) = desk.plan().members
    assert member.verifiers == tuple(range(40))


def test_an_export_with_a_crawler_crawls(desk: Desk) -> None:
    """By the crawler of its own."""
    deployed = desk.stage.deployed["reviews"].model_copy(update={"catalog": "crawler"})
    desk.stage.ssm.values["/lakeshot/dev/exports/reviews"] = deployed.model_dump_json()
    (member,) = desk.plan().members
    assert (member.crawls, member.crawler) == (True, "lakeshot-dev-reviews")


def test_overrides_reach_the_job(desk: Desk) -> None:
    """A person may give one run more workers and another rate."""
    planned = desk.plan(workers=5, timeout_minutes=60, read_percentage=1.0)
    assert (planned.members[0].job.workers, planned.members[0].job.timeout_minutes) == (5, 60)
    assert desk.plans(planned)[0].scan.rate.units_per_second == 400


def test_the_source_is_seen_under_the_exports_own_role(desk: Desk) -> None:
    """The plan step itself may see no table."""
    desk.plan()
    assert desk.roles == ["arn:aws:iam::123456789012:role/lakeshot-dev-reviews-job"]


def test_a_table_with_recovery_is_exported_by_dynamodb_itself(desk: Desk) -> None:
    """At the moment that names the snapshot; the job comes after."""
    desk.recoverable.add("Reviews")
    planned = desk.plan()
    (plan,), (member,) = desk.plans(planned), planned.members
    assert (plan.native.export_time, plan.snapshot) == (plan.moment, "20261121T120000Z")
    assert "ExportTime of DynamoDB's own export" in plan.moment_from
    assert (member.exports, member.reads) == (True, True)
    record = desk.stage.record("run-1")
    assert (record.step, record.route, record.route_from) == (
        "native export",
        "native",
        "the table has point-in-time recovery",
    )


def test_the_members_of_a_group_are_exported_as_of_one_instant(desk: Desk) -> None:
    """Each by the way that its table allows, and each says which."""
    desk.recoverable.add("Orders")
    scanned, exported = desk.plans(desk.plan_group())
    assert exported.native.export_time == scanned.moment
    assert (scanned.reading is not None and scanned.reading.route_from) == (
        "the table has no point-in-time recovery, which a native export needs"
    )
    assert scanned.moment_from.startswith("the group's start")
    assert exported.moment_from.startswith("the ExportTime")


def test_an_export_is_converted_again_as_of_its_own_instant(desk: Desk) -> None:
    """The snapshot takes the next free name, because the first one's stays taken."""
    (first,) = desk.plans(desk.plan())
    uri = raw_exports_uri(first.deployed, "run-1")
    save_once(desk.stage.s3, uri, raw_exports(export_time=NOON))
    desk.stage.close("run-1", status="FAILED")
    (again,) = desk.plans(desk.plan("run-2", reuse_export="run-1"))
    assert (again.native.reused, again.data_moment) == (raw_exports(export_time=NOON), NOON)
    assert again.native.route_from == "the payload reuses the export of run run-1"


def test_an_export_that_is_not_there_cannot_be_converted_again(desk: Desk) -> None:
    """The run may never have been, or may not have come so far."""
    with pytest.raises(
        PayloadError, match="'reviews' has no run of this name whose native export has finish"
    ):
        desk.plan("run-2", reuse_export="run-1")


def test_a_database_has_no_export_to_convert_again(desk: Desk) -> None:
    """That is told instead of which runs there are."""
    source = PostgresSource.model_validate({"type": "postgres", "connection": "shop", "table": "article"})
    place = {"name": "shop", "host": "db", "port": 5432, "database": "d", "secret": "s", "ca": "s3://a/ca"}
    connection = DeployedConnection.model_validate(place)
    changes = {"source": source, "connection": connection}
    articles = desk.stage.deployed["reviews"].model_copy(update=changes)
    desk.stage.ssm.values["/lakeshot/dev/exports/reviews"] = articles.model_dump_json()
    payload = articles.payload().model_copy(update={"reuse_export": "run-1"})
    with pytest.raises(
        PayloadError, match=r"reuse_export 'run-1' needs DynamoDB's own export, but export 'r"
    ):
        desk.give(payload.model_dump(mode="json"))


def test_the_run_is_recorded_with_what_was_settled(desk: Desk) -> None:
    """A person who watches sees what it goes by, and holds the lock."""
    desk.plan(scheduled_time=TIME)
    record = desk.stage.record("run-1")
    assert (record.state, record.step, record.snapshot) == (RunState.RUNNING, "read", DAY_1)
    assert (record.rate_units_per_second, record.rows_expected, record.mode) == (100, 7, "export")
    assert (record.scheduled_time, record.group) == (TIME, None)
    desk.stage.lock().check(run="run-1", fence=1)


def test_a_taken_moment_is_left_to_its_run(desk: Desk) -> None:
    """The next free second is this run's."""
    desk.stage.snapshots().claim(run="another", moment=NOON)
    assert desk.plans(desk.plan())[0].snapshot == "20261121T120001Z"


def test_a_run_starts_from_what_is_published(desk: Desk) -> None:
    """By manifest and digest, so that the job finds the very columns that readers see."""
    desk.stage.succeed("run-1", 1)
    entry = desk.stage.snapshots().get(DAY_1)
    assert entry is not None
    (plan,) = desk.plans(desk.plan("run-2"))
    assert plan.baseline == Baseline(manifest=str(entry.manifest), sha256=str(entry.manifest_sha256))


# Moments that are asked for.


def test_a_table_is_exported_as_of_the_moment_that_is_asked_for(desk: Desk) -> None:
    """The snapshot is named by it."""
    desk.recoverable.add("Reviews")
    (plan,) = desk.plans(desk.plan(moment="20261119T000000Z"))
    assert (plan.snapshot, plan.native.export_time) == ("20261119T000000Z", plan.moment)


def test_a_group_is_exported_as_of_the_moment_that_is_asked_for(desk: Desk) -> None:
    """All of its tables."""
    desk.recoverable |= {"Reviews", "Orders"}
    plans = desk.plans(desk.plan_group(moment="20261119T000000Z"))
    assert [plan.native.export_time for plan in plans] == [NOON - timedelta(days=2, hours=12)] * 2


def test_the_future_cannot_be_exported(desk: Desk) -> None:
    """It says when the run began."""
    desk.recoverable.add("Reviews")
    with pytest.raises(PayloadError, match=r"moment 20261121T120001Z lies in the future; the run began at"):
        desk.plan(moment="20261121T120001Z")


def test_a_moment_that_is_taken_is_not_exchanged_for_another(desk: Desk) -> None:
    """And the one after it stays free."""
    desk.recoverable.add("Reviews")
    desk.stage.snapshots().claim(run="another", moment=NOON)
    with pytest.raises(PayloadError, match=f"a snapshot of moment {DAY_1} already"):
        desk.plan(moment=DAY_1)
    assert desk.stage.known() == [DAY_1]


# Changes.


@pytest.mark.parametrize("option", [{"full": True}, {"mode": "check"}])
def test_a_snapshot_has_no_changes(option: dict[str, Any], desk: Desk) -> None:
    """It exports the whole table every time."""
    with pytest.raises(PayloadError, match="is for exports of kind 'changes'; export 'reviews' is of kind"):
        desk.plan(**option)


def test_the_first_run_of_changes_exports_the_whole_table(desk: Desk) -> None:
    """Among the snapshots, as of the run's start."""
    desk.follow_changes()
    (plan,) = desk.plans(desk.plan())
    assert (plan.snapshot, plan.follows, plan.native.windows) == (DAY_1, None, ())
    assert plan.data_prefix == f"snapshots_reviews/snapshot_timestamp={DAY_1}/"
    assert desk.stage.record("run-1").rows_expected == 7


def test_later_runs_export_what_was_written_since(desk: Desk) -> None:
    """Among the changes, as of two minutes before the run's start."""
    desk.follow_changes()
    desk.stage.succeed("run-1", 1, native=True)
    (plan,) = desk.plans(desk.plan("run-2", at=NOON + timedelta(hours=1)))
    assert (plan.follows, plan.snapshot) == (DAY_1, "20261121T125800Z")
    assert plan.data_prefix == "snapshots_reviews__changes/snapshot_timestamp=20261121T125800Z/"
    (window,) = plan.native.windows
    assert (window.begins, window.ends) == (NOON, plan.moment)
    assert plan.moment_from.startswith("the end of the last window of DynamoDB's incremental exports")
    record = desk.stage.record("run-2")
    assert (record.follows, record.step, record.rows_expected) == (DAY_1, "native export", None)
    assert record.route_from == f"the changes since snapshot {DAY_1}"


def test_what_is_published_cannot_be_followed_once_its_chain_is_broken(desk: Desk) -> None:
    """Then the whole table is exported."""
    desk.follow_changes()
    desk.stage.succeed("run-1", 1, native=True)
    entry = desk.stage.snapshots().get(DAY_1)
    assert entry is not None
    gone = entry.model_copy(update={"follows": "20261101T120000Z"})
    fence = desk.stage.enter(desk.stage.begin("run-2", 2)).fence
    desk.stage.snapshots().committed(gone.model_copy(update={"run": "run-2"}), fence=fence)
    desk.stage.close("run-2")
    (plan,) = desk.plans(desk.plan("run-3", at=NOON + timedelta(hours=1)))
    assert plan.follows is None
    assert "since snapshot 20261101T120000Z, which is not there any more" in plan.native.route_from
    with pytest.raises(PayloadError, match=r"cannot be checked: .* which is not there any more"):
        desk.close_and_check("run-4", "run-3")


def test_changes_do_not_follow_what_was_scanned(desk: Desk) -> None:
    """A row that was scanned after the moment and deleted since would never go."""
    desk.follow_changes()
    desk.stage.succeed("run-1", 1)
    (plan,) = desk.plans(desk.plan("run-2", at=NOON + timedelta(hours=1)))
    assert plan.follows is None
    assert plan.native.route_from == (
        "the whole table: what is published was scanned, which shows no one instant"
    )


def test_the_whole_table_is_exported_although_a_manifest_beneath_is_damaged(desk: Desk) -> None:
    """It needs nothing of it."""
    desk.follow_changes()
    desk.stage.succeed("run-1", 1, native=True)
    base = desk.stage.snapshots().get(DAY_1)
    desk.stage.succeed("run-2", 2, follows=DAY_1, rows_shown=4)
    assert base is not None
    desk.stage.write(str(base.manifest).removeprefix(f"s3://{BUCKET}/"), b"{}")
    (plan,) = desk.plans(desk.plan("run-3", at=NOON + timedelta(days=2), full=True))
    assert plan.native.route_from == "the whole table: full: true"


def test_a_plan_of_changes_stays_what_it_was_after_they_were_published(desk: Desk) -> None:
    """By then its windows would follow its own snapshot."""
    desk.follow_changes()
    desk.stage.succeed("run-1", 1, native=True)
    at = NOON + timedelta(days=1, minutes=2)
    first = desk.plan("run-2", at=at)
    (plan,) = desk.plans(first)
    desk.stage.make_ready(plan, rows_shown=4)
    desk.stage.publish(plan)
    assert desk.plan("run-2", at=at) == first


def test_a_check_is_as_of_the_published_moment_under_the_next_name(desk: Desk) -> None:
    """So both can be in the catalog at once."""
    desk.follow_changes()
    desk.stage.succeed("run-1", 1, native=True)
    (plan,) = desk.plans(desk.plan("run-2", at=NOON + timedelta(hours=1), mode="check"))
    assert (plan.native.export_time, plan.snapshot) == (NOON, "20261121T120001Z")
    assert (plan.native.compared_with, plan.follows, plan.data_moment) == (DAY_1, None, NOON)


def test_changes_up_to_a_moment_are_exported_on_request(desk: Desk) -> None:
    """Such as the end of a day."""
    desk.follow_changes()
    desk.stage.succeed("run-1", 1, native=True)
    (plan,) = desk.plans(desk.plan("run-2", at=NOON + timedelta(hours=5), moment="20261121T140000Z"))
    assert plan.native.windows[-1].ends == plan.moment == NOON + timedelta(hours=2)


# Groups.


def test_the_members_of_a_group_share_run_and_moment(desk: Desk) -> None:
    """Each has a plan, a lock, a claim and a record of its own; the group has a lock and a record, too."""
    planned = desk.plan_group()
    plans = desk.plans(planned)
    assert [plan.deployed.export for plan in plans] == ["reviews", "orders"]
    assert {(plan.run, plan.snapshot, plan.group) for plan in plans} == {("run-1", DAY_1, GROUP)}
    assert {plan.moment_from for plan in plans} == {"the group's start; every table was read from then on"}
    for name in (*MEMBERS, "nightly"):
        desk.stage.lock(name).check(run="run-1", fence=1)
        assert desk.stage.record("run-1", name).group == "nightly"
    assert desk.stage.record("run-1", "nightly").members == MEMBERS


def test_one_members_taken_moment_moves_all(desk: Desk) -> None:
    """Snapshots that belong together bear one moment."""
    desk.stage.snapshots("orders").claim(run="another", moment=NOON)
    plans = desk.plans(desk.plan_group())
    assert [plan.snapshot for plan in plans] == ["20261121T120001Z"] * 2
    assert desk.stage.known("reviews") == ["20261121T120001Z"]


def test_a_group_waits_for_no_member_that_is_being_run(desk: Desk) -> None:
    """Somebody runs a member by itself; that the group was refused is on record for every member."""
    desk.plan("alone")
    with pytest.raises(LockHeldError, match="export 'reviews' is being run by 'alone'"):
        desk.plan_group("together")
    for name in (*MEMBERS, "nightly"):
        assert desk.stage.record("together", name).state is RunState.RUNNING  # until close says otherwise
    desk.stage.lock("reviews").check(run="alone", fence=1)


def test_a_group_with_other_members_than_deployed_is_refused(desk: Desk) -> None:
    """Before a lock is taken."""
    payload = json.loads(GROUP.payload([desk.stage.deployed["orders"]]).text())
    with pytest.raises(PayloadError, match="with the members orders; deployed are reviews, orders"):
        desk.give(payload)
    assert desk.stage.lock("nightly").holder() is None


# Refusals.


def test_a_second_run_is_refused_while_the_first_lives(desk: Desk) -> None:
    """The refusal names the holder, nothing is closed, and the record of the refused run exists."""
    desk.plan("run-1")
    with pytest.raises(LockHeldError, match="is being run by 'run-1'"):
        desk.plan("run-2")
    assert desk.asked_to_close == []
    assert desk.stage.record("run-2").step == "plan"


def test_an_ended_holder_is_closed_and_waited_for(desk: Desk) -> None:
    """Nobody takes a lock from a run; the state machine tries again until close has released it."""
    desk.plan("run-1")
    desk.ended.add("run-1")
    with pytest.raises(
        RunClosingError, match="run 'run-1' has ended without being closed; it is being closed"
    ):
        desk.plan("run-2")
    ((holder, partition),) = desk.asked_to_close
    assert (holder.execution_arn, partition) == (ARN.format("run-1"), "export#reviews")
    desk.stage.close("run-1", cause="found dead")
    (plan,) = desk.plans(desk.plan("run-2"))
    assert plan.snapshot == "20261121T120001Z"  # the ended run's moment stays its own
    desk.stage.lock().check(run="run-2", fence=3)


def test_a_groups_ended_holder_is_closed_whichever_lock_it_holds(desk: Desk) -> None:
    """The group's own, or a member's."""
    desk.plan("alone")
    desk.ended.add("alone")
    with pytest.raises(RunClosingError, match="run 'alone' has ended"):
        desk.plan_group("together")
    desk.stage.close("alone", cause="found dead")
    desk.plan_group("together")
    desk.ended.add("together")
    with pytest.raises(RunClosingError, match="run 'together' has ended"):
        desk.plan_group("next")
    assert [(holder.run, partition) for holder, partition in desk.asked_to_close] == [
        ("alone", "export#reviews"),
        ("together", "group#nightly"),
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"export": "payments"}, "no export 'payments' is deployed in stage 'dev'"),
        ({"job": "lakeshot-dev-payments"}, "field 'job'"),
        ({"workers": 1}, "workers"),
    ],
)
def test_a_wrong_payload_is_refused_before_a_lock_is_taken(
    change: dict[str, Any], told: str, desk: Desk
) -> None:
    """It cannot block the export."""
    with pytest.raises(PayloadError, match=told):
        desk.plan(**change)
    assert desk.stage.lock().holder() is None
    assert desk.stage.snapshots().all() == []


def test_a_payload_that_is_refused_is_on_record(desk: Desk) -> None:
    """Whoever looks for the run finds it; close will tell why it ended."""
    with pytest.raises(PayloadError):
        desk.plan(job="lakeshot-dev-payments")
    assert desk.stage.record("run-1").state is RunState.RUNNING


def test_a_group_that_is_not_deployed_is_named(desk: Desk) -> None:
    """The message says how to see what there is."""
    del desk.stage.ssm.values["/lakeshot/dev/groups/nightly"]
    with pytest.raises(PayloadError, match=r"no group 'nightly' is deployed in stage 'dev'.+make status"):
        desk.plan_group()


def test_a_missing_source_table_is_named(desk: Desk) -> None:
    """The table may have been deleted since the export was deployed."""
    del desk.stage.tables.sources["Reviews"]
    with pytest.raises(SourceError, match="DynamoDB table 'Reviews' does not exist in us-east-1"):
        desk.plan()


# Scheduled times.


@pytest.mark.parametrize("plan", [Desk.plan, Desk.plan_group], ids=["export", "group"])
def test_a_second_run_for_a_scheduled_time_is_a_duplicate(plan: Callable[..., Planned], desk: Desk) -> None:
    """It does nothing, succeeds, and says in whose favour."""
    plan(desk, "run-1", scheduled_time=TIME)
    fence = desk.stage.lock().last_fence()
    planned = plan(desk, "run-2", scheduled_time=TIME)
    assert planned == Planned(duplicate_of="run-1")
    record = desk.stage.record("run-2")
    assert (record.state, record.step, record.duplicate_of) == (RunState.SUCCEEDED, "duplicate", "run-1")
    assert record.finished_at == NOON
    desk.stage.lock().check(run="run-1", fence=fence)


def test_a_groups_duplicate_is_recorded_for_the_group_and_every_member(desk: Desk) -> None:
    """Nobody's record stays at work for ever."""
    desk.plan_group("run-1", scheduled_time=TIME)
    desk.plan_group("run-2", scheduled_time=TIME)
    assert {desk.stage.record("run-2", name).duplicate_of for name in (*MEMBERS, "nightly")} == {"run-1"}


def test_a_scheduled_time_whose_run_failed_is_tried_again(desk: Desk) -> None:
    """By a run that really runs."""
    desk.plan("run-1", scheduled_time=TIME)
    desk.stage.close("run-1", cause="boom")
    assert desk.plan("run-2", scheduled_time=TIME).duplicate_of is None


# Again.


@pytest.mark.parametrize("plan", [Desk.plan, Desk.plan_group], ids=["export", "group"])
def test_planning_again_gives_the_same_plans(plan: Callable[..., Planned], desk: Desk) -> None:
    """A Lambda that is invoked twice settles nothing twice, whatever the source says by now."""
    first = plan(desk, scheduled_time=TIME)
    plans = desk.plans(first)
    desk.stage.tables.sources["Reviews"]["ItemCount"] = 99
    assert plan(desk, scheduled_time=TIME) == first
    assert desk.plans(first) == plans
    assert desk.stage.record("run-1").rows_expected == 7


@pytest.mark.parametrize("plan", [Desk.plan, Desk.plan_group], ids=["export", "group"])
def test_planning_after_a_redrive_gives_the_same_plans(plan: Callable[..., Planned], desk: Desk) -> None:
    """The execution was stopped while it planned, and redriven before anybody closed it."""
    first = plan(desk)
    assert plan(desk, redrive=1) == first
    assert desk.stage.known() == [DAY_1]
    record = desk.stage.record("run-1")
    assert (record.state, record.redrive) == (RunState.RUNNING, 1)
    desk.stage.lock().check(run="run-1", fence=2)


def test_planning_that_was_interrupted_between_two_members_goes_on(desk: Desk) -> None:
    """The first member's plan is in place and settles the moment of both."""
    first = desk.plan_group()
    desk.stage.remove("runs/orders/run-1/plan.json")
    desk.stage.snapshots("orders").unclaim(run="run-1", moment=NOON)
    assert desk.plan_group() == first
    assert [plan.snapshot for plan in desk.plans(first)] == [DAY_1, DAY_1]


def test_a_redrive_of_a_run_that_was_closed_cannot_go_on(desk: Desk) -> None:
    """The plan is settled, and its moment was given up for good."""
    desk.plan_group()
    desk.stage.close("run-1", group=True, cause="boom")
    with pytest.raises(RunGoneError, match=r"does not exist any more.+Start a new run"):
        desk.plan_group(redrive=1)


# Rollbacks.


def test_a_rollback_shows_a_verified_snapshot_again(desk: Desk) -> None:
    """It reads and crawls nothing, needs no source, claims nothing and may go back in time."""
    desk.stage.succeed("run-1", 1)
    desk.stage.succeed("run-2", 2)
    desk.stage.tables.sources.clear()
    planned = desk.plan("run-3", mode="rollback", snapshot=DAY_1)
    (plan,), (member,) = desk.plans(planned), planned.members
    assert (plan.snapshot, plan.reading, plan.allow_older, plan.data_bytes) == (DAY_1, None, True, 10)
    assert (member.reads, member.crawls, member.verifiers) == (False, False, (0,))
    assert desk.stage.known() == [DAY_2, DAY_1]
    record = desk.stage.record("run-3")
    assert (record.mode, record.snapshot, record.step) == ("rollback", DAY_1, "verify files")


@pytest.mark.parametrize(
    ("snapshot", "was"),
    [(DAY_2, "was never verified"), ("20260101T000000Z", "does not exist, or not any more")],
)
def test_a_rollback_to_what_is_not_there_lists_what_is(snapshot: str, was: str, desk: Desk) -> None:
    """With the command that shows more."""
    desk.stage.succeed("run-1", 1)
    desk.stage.snapshots().claim(run="run-2", moment=NOON + timedelta(days=1))
    with pytest.raises(PayloadError) as caught:
        desk.plan("run-3", mode="rollback", snapshot=snapshot)
    assert f"export 'reviews' cannot be rolled back to snapshot {snapshot}: it {was}; " in str(caught.value)
    assert f"those that can be shown again are: {DAY_1}. See them with: make rollback EXPORT=reviews" in str(
        caught.value
    )


def test_a_view_is_not_rolled_back_to_what_no_engine_reads(desk: Desk) -> None:
    """It could only show no rows."""
    desk.stage.deploy_as("reviews", FileFormat.BINARY)
    desk.stage.succeed("run-1", 1)
    desk.deploy_as(FileFormat.PARQUET)
    desk.stage.succeed("run-2", 2)
    with pytest.raises(PayloadError) as caught:
        desk.plan("run-3", mode="rollback", snapshot=DAY_1)
    assert f"{DAY_1}: it has files that no query engine reads, so the view cannot show it; " in str(
        caught.value
    )
    assert f"those that can be shown again are: {DAY_2}." in str(caught.value)


def test_an_export_without_a_view_is_not_rolled_back_to_what_one_would_show(desk: Desk) -> None:
    """Nobody would see it; what was landed as it is now may be published again, and is not crawled."""
    desk.stage.succeed("run-1", 1)
    desk.deploy_as(FileFormat.BINARY)
    desk.stage.succeed("run-2", 2)
    with pytest.raises(PayloadError, match=f"{DAY_1}: it is for a view to show, and the export has none"):
        desk.plan("run-3", mode="rollback", snapshot=DAY_1)
    desk.stage.close("run-3")
    (member,) = desk.plan("run-4", mode="rollback", snapshot=DAY_2).members
    assert (member.reads, member.readable, member.crawls) == (False, False, False)


def test_a_rollback_to_a_snapshot_that_is_being_removed_is_refused(desk: Desk) -> None:
    """Its files may be gone already."""
    desk.stage.succeed("run-1", 1)
    desk.stage.succeed("run-2", 2)
    plan = desk.stage.begin("run-3", 3)
    desk.stage.snapshots().doom(DAY_1, run="run-3", fence=desk.stage.enter(plan).fence)
    desk.stage.close("run-3", cause="boom")
    with pytest.raises(PayloadError, match=f"those that can be shown again are: {DAY_2}"):
        desk.plan("run-4", mode="rollback", snapshot=DAY_1)


def test_a_rollback_before_anything_was_verified_says_so(desk: Desk) -> None:
    """There is nothing to list."""
    with pytest.raises(PayloadError, match="does not exist, or not any more; none can be"):
        desk.plan(mode="rollback", snapshot=DAY_1)


def test_a_group_is_rolled_back_as_one(desk: Desk) -> None:
    """Every member to its snapshot of the moment, or none if one of them lacks it."""
    desk.stage.succeed_together("run-1", 1)
    plans = desk.plans(desk.plan_group("run-2", mode="rollback", snapshot=DAY_1))
    assert [(plan.deployed.export, plan.snapshot, plan.reading) for plan in plans] == [
        ("reviews", DAY_1, None),
        ("orders", DAY_1, None),
    ]
    desk.stage.close("run-2", group=True, cause="enough")
    desk.stage.snapshots("orders").forget(DAY_1)
    with pytest.raises(PayloadError, match="export 'orders' cannot be rolled back"):
        desk.plan_group("run-3", mode="rollback", snapshot=DAY_1)


def test_a_changed_deployment_does_not_change_a_settled_plan(desk: Desk) -> None:
    """A stack was updated between a run's start and its redrive."""
    first = desk.plan()
    changed: Deployed = desk.stage.deployed["reviews"].model_copy(update={"workers": 9})
    desk.stage.ssm.values["/lakeshot/dev/exports/reviews"] = changed.model_dump_json()
    assert desk.plan(redrive=1) == first
