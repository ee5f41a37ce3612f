"""Exports that run as one group: one moment for all, and all views move or none does."""

from typing import Any

import pytest

from lakeshot.lake.view import GlueView, ViewDefinition
from tests.cloud.local.account import REGION, wait_for
from tests.cloud.pipeline.pipeline import ACCOUNT_ID, BUCKET, DATABASE, Ended, Pipeline

pytestmark = pytest.mark.cloud

CUSTOMERS, ORDERS, LINES = MEMBERS = ("shop-customers", "shop-orders", "shop-lines")
VIEWS = ("shop_customers", "shop_orders", "shop_lines", "shop")


@pytest.fixture(scope="module")
def run(pipeline: Pipeline) -> str:
    """A run of the whole group that succeeded."""
    padding = {"Text": {"S": "x" * 3000}}
    customers = [{"Id": {"S": f"c{one}"}, **padding} for one in range(40)]
    orders = [{"Id": {"S": f"o{one}"}, "Customer": {"S": f"c{one % 4}"}, **padding} for one in range(40)]
    lines = [{"Id": {"S": f"l{one}"}, "Order": {"S": f"o{one % 40}"}} for one in range(80)]
    for table, items in (("ShopCustomers", customers), ("ShopOrders", orders), ("ShopLines", lines)):
        pipeline.make_table(table, items)
    ended = pipeline.end(pipeline.start_with(pipeline.group_payload("shop")))
    assert ended.status == "SUCCEEDED", ended
    return ended.run


@pytest.fixture(scope="module")
def moment(pipeline: Pipeline, run: str) -> str:
    """The name of the snapshots that run made."""
    return str(pipeline.group_record("shop", run).snapshot)


def slow_payload(pipeline: Pipeline) -> dict[str, Any]:
    """The group's payload, but customers and orders are read for at least fifteen seconds."""
    payload = pipeline.group_payload("shop")
    for member in payload["members"][:2]:
        member["max_read_units"] = 1
    return payload


def definitions(pipeline: Pipeline) -> list[ViewDefinition | None]:
    """What the views of the group and its members are now."""
    return [GlueView(pipeline.client("glue"), DATABASE, name).definition() for name in VIEWS]


def group_rows(pipeline: Pipeline) -> list[tuple[str, str]]:
    """Which snapshot of which member the group's view names."""
    found = pipeline.rows('SELECT * FROM "shop"')
    return [(row["export"], row["snapshot_timestamp"]) for row in found]


def assert_unmoved(pipeline: Pipeline, failed: Ended, moment: str) -> None:
    """Every view shows the moment from before; of the failed run there are records and a notice only."""
    for member in MEMBERS:
        pipeline.assert_settled(member, shown=moment, kept=[moment])
        record = pipeline.record(member, failed.run)
        assert (record.state, record.group) == (failed.status, "shop")
        assert record.error
    assert group_rows(pipeline) == [(member, moment) for member in MEMBERS]
    assert pipeline.group_lock("shop").holder() is None
    record = pipeline.group_record("shop", failed.run)
    assert (record.state, record.members) == (failed.status, MEMBERS)
    tables = pipeline.client("glue").get_tables(DatabaseName=DATABASE, Expression="lakeshot_staged_shop*")
    assert tables["TableList"] == []
    about = f"run {failed.run}: "
    told = wait_for(lambda: [text for text in pipeline.notices() if about in text], bool)
    assert [text.startswith(f"Group shop, {about}{failed.status}") for text in told] == [True]


def wait_until_it_reads(pipeline: Pipeline, member: str, run: str) -> None:
    wait_for(lambda: pipeline.record(member, run), lambda record: record.reading_since is not None)


def job_states(pipeline: Pipeline, run: str) -> dict[str, str]:
    """How the members' jobs of a run ended."""
    return {
        member: job["JobRunState"]
        for member in MEMBERS
        for job in pipeline.client("glue").get_job_runs(JobName=f"lakeshot-test-{member}")["JobRuns"]
        if job["Arguments"]["--run"] == run
    }


def test_a_group_has_one_moment_and_says_which_snapshots_belong_together(
    pipeline: Pipeline, run: str, moment: str
) -> None:
    """All views move in one run; the group's own view names them, and they can be joined."""
    assert definitions(pipeline)[3] is not None
    rows = pipeline.rows('SELECT * FROM "shop" ORDER BY export')
    assert list(rows[0]) == [
        "export", "view", "snapshot_timestamp", "snapshots_table", "row_count", "moment", "moment_from",
    ]  # fmt: skip
    assert [(row["export"], row["view"], row["snapshots_table"], row["row_count"]) for row in rows] == [
        (CUSTOMERS, "shop_customers", "snapshots_shop_customers", 40),
        (LINES, "shop_lines", "snapshots_shop_lines", 80),
        (ORDERS, "shop_orders", "snapshots_shop_orders", 40),
    ]
    assert {row["snapshot_timestamp"] for row in rows} == {moment}
    assert {f"{row['moment']:%Y%m%dT%H%M%SZ}" for row in rows} == {moment}
    assert {row["moment_from"] for row in rows} == {"the group's start; every table was read from then on"}
    joined = pipeline.rows(
        "SELECT c.id AS customer, count(*) AS lines FROM shop_lines l "
        'JOIN shop_orders o ON o.id = l."order" JOIN shop_customers c ON c.id = o.customer '
        "GROUP BY 1 ORDER BY 1"
    )
    assert joined == [{"customer": f"c{number}", "lines": 20} for number in range(4)]
    for member in MEMBERS:
        record = pipeline.record(member, run)
        assert (record.state, record.group, record.snapshot) == ("SUCCEEDED", "shop", moment)
        pipeline.assert_settled(member, shown=moment, kept=[moment])
    group = pipeline.group_record("shop", run)
    assert (group.state, group.members) == ("SUCCEEDED", MEMBERS)
    assert pipeline.group_lock("shop").holder() is None


@pytest.mark.parametrize(
    ("members", "options", "said"),
    [
        (
            (0, 1),
            {},
            "with the members shop-customers, shop-orders; deployed are shop-customers,",
        ),
        ((0, 1, 2, 1), {}, "with the members shop-customers, shop-orders, shop-lines, shop-orders; deployed"),
        ((0, 1, 2), {"allow_older": "perhaps"}, "field 'allow_older'"),
        (
            (0, 1, 2),
            {"mode": "rollback", "snapshot": "20200101T000000Z"},
            "export 'shop-customers' cannot be rolled back to snapshot 20200101T000000Z: it does not exist",
        ),
    ],
)
def test_a_payload_that_does_not_fit_the_group_changes_nothing(
    pipeline: Pipeline, moment: str, members: tuple[int, ...], options: dict[str, str], said: str
) -> None:
    """A member too few, one too many, an option or a snapshot that there is not."""
    payload = pipeline.group_payload("shop")
    payload["members"] = [payload["members"][member] for member in members]
    failed = pipeline.end(pipeline.start_with({**payload, **options}))
    assert (failed.status, failed.error) == ("FAILED", "PayloadError")
    assert said in failed.cause
    assert_unmoved_briefly(pipeline, failed, moment)


def assert_unmoved_briefly(pipeline: Pipeline, failed: Ended, moment: str) -> None:
    """The same as ``assert_unmoved`` for a run that cannot have got anywhere."""
    assert [pipeline.pointer(member).snapshot for member in MEMBERS] == [moment] * 3
    assert [pipeline.holder(member) for member in MEMBERS] == [None] * 3
    assert pipeline.group_lock("shop").holder() is None
    assert pipeline.group_record("shop", failed.run).state == "FAILED"
    assert "PayloadError" in pipeline.notice(failed.run)


def test_if_one_member_cannot_be_read_no_view_moves(pipeline: Pipeline, moment: str) -> None:
    """The others' jobs are stopped, nothing of them stays, and one notice tells of the whole group."""
    with pipeline.denied("shop-lines-job", "dynamodb:Scan"):
        failed = pipeline.end(pipeline.start_with(slow_payload(pipeline)))
    assert failed.status == "FAILED"
    assert job_states(pipeline, failed.run) == {CUSTOMERS: "STOPPED", ORDERS: "STOPPED", LINES: "FAILED"}
    assert "may not perform dynamodb:Scan on" in pipeline.notice(failed.run)
    assert_unmoved(pipeline, failed, moment)


def test_if_the_last_view_cannot_be_moved_the_others_are_put_back(pipeline: Pipeline, moment: str) -> None:
    """Customers and orders showed the new moment for an instant; then all show the earlier one again."""
    before = definitions(pipeline)
    view = f"arn:aws:glue:{REGION}:{ACCOUNT_ID}:table/{DATABASE}/shop_lines"
    with pipeline.denied("publish", "glue:UpdateTable", view):
        failed = pipeline.end(pipeline.start_with(pipeline.group_payload("shop")))
    assert (failed.status, failed.error) == ("FAILED", "PermissionDeniedError")
    assert f"may not perform glue:UpdateTable on {view}" in failed.cause
    s3 = pipeline.client("s3")
    for member in (CUSTOMERS, ORDERS):  # what a view is before it is moved is kept right before that
        saved = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"runs/{member}/{failed.run}/view-before-")
        assert saved["KeyCount"] == 1
    assert definitions(pipeline) == before
    assert_unmoved(pipeline, failed, moment)


def test_a_group_that_is_stopped_leaves_nothing(pipeline: Pipeline, moment: str) -> None:
    """Meanwhile no member can be run alone; then all jobs are stopped and all locks released."""
    run = pipeline.start_with(slow_payload(pipeline))
    for member in (CUSTOMERS, ORDERS):
        wait_until_it_reads(pipeline, member, run)
    alone = pipeline.run(ORDERS)
    assert (alone.status, alone.error) == ("FAILED", "LockHeldError")
    assert f"export 'shop-orders' is being run by '{run}'" in alone.cause
    pipeline.stop(run, "stopped by a test")
    stopped = pipeline.end(run)
    assert stopped.status == "ABORTED"
    wait_for(lambda: pipeline.group_lock("shop").holder(), lambda holder: holder is None)
    assert {job_states(pipeline, run)[member] for member in (CUSTOMERS, ORDERS)} == {"STOPPED"}
    assert_unmoved(pipeline, stopped, moment)


def test_a_member_that_runs_alone_keeps_the_group_out(pipeline: Pipeline, moment: str) -> None:
    """The group takes no lock then; once the member has run, a rollback puts all on one moment again."""
    before = definitions(pipeline)
    alone = pipeline.start(ORDERS, max_read_units=4)
    wait_until_it_reads(pipeline, ORDERS, alone)
    refused = pipeline.end(pipeline.start_with(pipeline.group_payload("shop")))
    assert (refused.status, refused.error) == ("FAILED", "LockHeldError")
    assert f"export 'shop-orders' is being run by '{alone}'" in refused.cause
    assert [pipeline.holder(CUSTOMERS), pipeline.holder(LINES)] == [None, None]
    assert pipeline.group_lock("shop").holder() is None
    holder = pipeline.holder(ORDERS)
    assert holder is not None
    assert holder.run == alone
    ended = pipeline.end(alone)
    assert ended.status == "SUCCEEDED", ended
    newer = str(pipeline.record(ORDERS, alone).snapshot)
    pipeline.assert_settled(ORDERS, shown=newer, kept=[moment, newer])
    assert group_rows(pipeline) == [(member, moment) for member in MEMBERS]

    payload = {**pipeline.group_payload("shop"), "mode": "rollback", "snapshot": moment}
    back = pipeline.end(pipeline.start_with(payload))
    assert back.status == "SUCCEEDED", back
    assert "ExportTable" not in pipeline.states(back.run)
    pipeline.assert_settled(ORDERS, shown=moment, kept=[moment, newer])
    for member in (CUSTOMERS, LINES):
        pipeline.assert_settled(member, shown=moment, kept=[moment])
    assert [view and view.snapshot for view in definitions(pipeline)] == [
        view and view.snapshot for view in before
    ]
    assert group_rows(pipeline) == [(member, moment) for member in MEMBERS]
