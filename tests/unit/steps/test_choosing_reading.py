"""How a run reads its table, and why; what cannot be read that way is said before anything is read."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from lakeshot.config.deployed import Deployed
from lakeshot.dynamodb.raw_export import RawExports
from lakeshot.dynamodb.source import Route
from lakeshot.errors import PartitionError, PayloadError, SourceError
from lakeshot.runs.plan import NativeReading, Reading, ScanReading
from lakeshot.steps.choosing_reading import choose_reading
from lakeshot.steps.choosing_scope import Published, Scope
from tests.unit.conftest import NOON
from tests.unit.raw_exports import raw_exports
from tests.unit.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

GIB = 1024**3
EARLIEST = NOON - timedelta(days=30)


class Table:
    """The table Reviews with 400 provisioned read units; ``asked`` are the calls about it."""

    def __init__(self, *, recovery: str = "DISABLED", size_bytes: int = GIB) -> None:
        self.recovery, self.size_bytes = recovery, size_bytes
        self.asked: list[str] = []

    def describe_table(self, *, TableName: str) -> Mapping[str, Any]:  # noqa: N803
        self.asked.append("DescribeTable")
        return {
            "Table": {
                "TableArn": f"arn:{TableName}",
                "TableStatus": "ACTIVE",
                "KeySchema": [{"AttributeName": "Id"}],
                "AttributeDefinitions": [{"AttributeName": "Id", "AttributeType": "S"}],
                "ProvisionedThroughput": {"ReadCapacityUnits": 400},
                "ItemCount": 7,
                "TableSizeBytes": self.size_bytes,
            }
        }

    def describe_continuous_backups(self, *, TableName: str) -> Mapping[str, Any]:  # noqa: N803
        self.asked.append("DescribeContinuousBackups")
        recovery: dict[str, object] = {"PointInTimeRecoveryStatus": self.recovery}
        if self.recovery == "ENABLED":
            recovery["EarliestRestorableDateTime"] = EARLIEST
        described = {"PointInTimeRecoveryDescription": recovery} if self.recovery else {}
        return {"ContinuousBackupsDescription": described}

    class exceptions:  # noqa: N801 - as boto3 names it
        """Errors of the service."""

        ResourceNotFoundException = KeyError


@pytest.fixture
def reviews(stage: Stage) -> Deployed:
    return stage.deployed["reviews"]


def choose(
    table: Table,
    reviews: Deployed,
    route: Route = "auto",
    *,
    moment: datetime = NOON,
    is_asked_for: bool = False,
    scope: Scope | None = None,
    reused: RawExports | None = None,
    **changes: object,
) -> Reading:
    deployed = reviews.model_copy(update={"source": reviews.dynamodb.model_copy(update={"route": route})})
    client = cast("DynamoDBClient", table)
    payload = deployed.payload().model_copy(update=changes)
    return choose_reading(
        client, payload, deployed, moment=moment, is_asked_for=is_asked_for, scope=scope, reused=reused
    )


@pytest.mark.parametrize(
    ("route", "recovery", "chosen", "why"),
    [
        ("auto", "ENABLED", "native", "the table has point-in-time recovery"),
        ("auto", "DISABLED", "scan", "the table has no point-in-time recovery, which a native export needs"),
        ("auto", "", "scan", "the table has no point-in-time recovery, which a native export needs"),
        ("native", "ENABLED", "native", "route: native"),
        ("scan", "ENABLED", "scan", "route: scan"),
        ("scan", "DISABLED", "scan", "route: scan"),
    ],
)
def test_the_route_is_chosen_by_config_and_recovery(
    route: Route, recovery: str, chosen: str, why: str, reviews: Deployed
) -> None:
    """And the run says why."""
    reading = choose(Table(recovery=recovery), reviews, route)
    assert (reading.route, reading.route_from) == (chosen, why)


def test_a_native_reading_is_of_the_runs_moment(reviews: Deployed) -> None:
    """So the snapshot is named by the instant that it shows."""
    reading = choose(Table(recovery="ENABLED"), reviews)
    assert isinstance(reading, NativeReading)
    assert (reading.export_time, reading.reused) == (NOON, None)


def test_a_role_that_only_scans_is_not_asked_about_recovery(reviews: Deployed) -> None:
    """It has no permission to look."""
    table = Table()
    choose(table, reviews, "scan")
    assert table.asked == ["DescribeTable"]


def test_route_native_without_recovery_is_refused(reviews: Deployed) -> None:
    """With the command that switches it on."""
    with pytest.raises(SourceError) as caught:
        choose(Table(), reviews, "native")
    assert "has route: native, but DynamoDB table 'Reviews' has no point-in-time recovery" in str(
        caught.value
    )
    assert "update-continuous-backups --table-name Reviews" in str(caught.value)


def test_an_export_of_another_table_is_not_converted_again(reviews: Deployed) -> None:
    """The export's source was changed since."""
    other = raw_exports(table_arn="arn:OldReviews")
    with pytest.raises(PayloadError, match=r"'run-1': that run exported arn:OldReviews.* is of arn:Reviews"):
        choose(Table(recovery="ENABLED"), reviews, reused=other, reuse_export="run-1")


def test_an_export_is_converted_again_although_recovery_is_off_by_now(reviews: Deployed) -> None:
    """What it wrote is there."""
    reading = choose(Table(), reviews, reused=raw_exports(), reuse_export="run-1")
    assert isinstance(reading, NativeReading)
    assert reading.reused == raw_exports()


# Moments that are asked for.


def test_a_table_is_exported_as_of_the_moment_that_is_asked_for(reviews: Deployed) -> None:
    """As far back as its recovery goes."""
    reading = choose(Table(recovery="ENABLED"), reviews, moment=EARLIEST, is_asked_for=True)
    assert isinstance(reading, NativeReading)
    assert reading.export_time == EARLIEST


def test_a_moment_beyond_the_recovery_is_refused(reviews: Deployed) -> None:
    """With how far back it goes."""
    asked = EARLIEST - timedelta(seconds=1)
    with pytest.raises(SourceError, match=r"cannot be exported as of 20261022T115959Z.* to 20261022T120000Z"):
        choose(Table(recovery="ENABLED"), reviews, moment=asked, is_asked_for=True)


@pytest.mark.parametrize("route", ["scan", "auto"])
def test_a_scan_cannot_be_of_an_earlier_moment(route: Route, reviews: Deployed) -> None:
    """It reads what is there now."""
    with pytest.raises(PayloadError, match="moment 20261121T120000Z needs DynamoDB's own export"):
        choose(Table(), reviews, route, is_asked_for=True)


# Changes.

WHOLE = Published(
    snapshot="20261119T120000Z",
    moment=NOON - timedelta(days=2),
    began=NOON - timedelta(days=2),
    links=0,
    schemas=0,
    columns=(),
)
SINCE, COMPARED = Scope("the changes", since=WHOLE), Scope("mode: check", compared_with=WHOLE)


@pytest.fixture
def changes(reviews: Deployed) -> Deployed:
    return reviews.model_copy(update={"kind": "changes", "full_every_days": 7})


def test_changes_are_read_by_windows(changes: Deployed) -> None:
    """From what is published up to the moment."""
    reading = choose(Table(recovery="ENABLED"), changes, "native", scope=SINCE)
    assert isinstance(reading, NativeReading)
    assert (reading.follows, reading.export_time) == (WHOLE.snapshot, NOON)
    assert (reading.windows[0].begins, reading.windows[-1].ends) == (WHOLE.moment, NOON)
    assert reading.route_from == "the changes, in 3 windows"


def test_a_check_reads_the_whole_table_as_of_the_published_moment(changes: Deployed) -> None:
    """Although its snapshot bears another name."""
    moment = WHOLE.moment + timedelta(seconds=1)
    reading = choose(Table(recovery="ENABLED"), changes, "native", moment=moment, scope=COMPARED)
    assert isinstance(reading, NativeReading)
    assert (reading.export_time, reading.windows, reading.follows) == (WHOLE.moment, (), None)
    assert reading.compared_with == WHOLE.snapshot


def test_changes_without_recovery_are_refused(changes: Deployed) -> None:
    """With the command that switches it on."""
    with pytest.raises(SourceError, match=r"has kind: changes, .* --table-name Reviews .* kind: snapshot"):
        choose(Table(), changes, "native", scope=SINCE)


def test_exported_changes_are_converted_again_after_the_same_snapshot(changes: Deployed) -> None:
    """By the windows that they were exported in."""
    windows = SINCE.windows(NOON)
    reused = raw_exports(export_time=NOON, follows=WHOLE.snapshot, windows=windows)
    reading = choose(Table(), changes, "native", scope=SINCE, reused=reused, reuse_export="run-1")
    assert isinstance(reading, NativeReading)
    assert (reading.windows, reading.follows, reading.export_time) == (windows, WHOLE.snapshot, NOON)


@pytest.mark.parametrize("scope", [SINCE, COMPARED, Scope("the whole table")])
def test_exported_changes_do_not_follow_any_other_snapshot(scope: Scope, changes: Deployed) -> None:
    """What was published meanwhile would be undone."""
    reused = raw_exports(follows="20261118T120000Z", windows=SINCE.windows(NOON))
    with pytest.raises(PayloadError, match=r"exported what changed since snapshot 20261118T120000Z, but"):
        choose(Table(), changes, "native", scope=scope, reused=reused, reuse_export="run-1")


# How long a scan takes.


def test_a_scan_says_how_long_it_will_take(reviews: Deployed) -> None:
    """A quarter of 400 units reads 100 times 8 KiB a second."""
    reading = choose(Table(size_bytes=100 * 8192 * 3600), reviews)
    assert isinstance(reading, ScanReading)
    assert reading.expected_seconds == 3600


def test_a_consistent_scan_takes_twice_as_long(reviews: Deployed) -> None:
    """A unit reads half as much."""
    reading = choose(Table(size_bytes=100 * 8192 * 3600), reviews, consistent_read=True)
    assert isinstance(reading, ScanReading)
    assert reading.expected_seconds == 7200


def test_a_scan_that_cannot_end_within_the_jobs_time_is_not_begun(reviews: Deployed) -> None:
    """It says how long it would take, at which rate, and what else there is."""
    with pytest.raises(SourceError) as caught:
        choose(Table(size_bytes=100 * GIB), reviews, timeout_minutes=60)
    told = str(caught.value)
    assert "scanning table 'Reviews' (107.4 GB) at 100 read units a second (25% of 400 provisioned" in told
    assert "would take about 1 d 12 h 24 min, and the job is ended after 1 h; nothing was read" in told
    assert all(way in told for way in ("read_percentage", "timeout_minutes", "point-in-time recovery"))


def test_a_scan_that_just_ends_within_the_jobs_time_is_begun(reviews: Deployed) -> None:
    """The table's size is an estimate in either direction."""
    assert choose(Table(size_bytes=100 * 8192 * 3600), reviews, timeout_minutes=60).route == "scan"


def test_a_folder_for_each_row_is_refused_before_anything_is_read(reviews: Deployed) -> None:
    """A table whose only key is partitioned by, also beside another attribute."""

    def by(*attributes: str) -> Deployed:
        return reviews.model_copy(update={"partition_by": attributes})

    for attributes in (("Id",), ("Stars", "Id")):
        with pytest.raises(PartitionError, match=r"every key attribute of table 'Reviews' \(Id\)"):
            choose(Table(), by(*attributes))
    assert choose(Table(), by("Stars")).route == "scan"
