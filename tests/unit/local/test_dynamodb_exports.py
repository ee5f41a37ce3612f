"""Rules of recovery and exports that take hours, or hundreds: with a clock of their own."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ministack.services.dynamodb import _tags

from local.dynamodb.exports.export import Export
from local.dynamodb.exports.history import Write
from local.dynamodb.exports.lines import full_content, incremental_content
from local.dynamodb.exports.recovery import DAY, SECOND, Recoveries, Recovery
from local.dynamodb.exports.register import IN_FLIGHT, Register
from local.dynamodb.exports.request import AskedPeriod, Destination, ExportRequest
from local.dynamodb.exports.times import check_begins_after_creation, exported_instant, exported_period
from local.dynamodb.partition_hash import partition_of
from local.hooks import ServiceError
from local.hooks.dynamodb import StoredTable
from local.hooks.item_changes import ItemChange

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/reviews"
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
NOW = 1_795_000_000 * SECOND
KEY = st.text(min_size=1, max_size=8)


class Clock:
    """A clock that a test sets, in microseconds."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table() -> StoredTable:
    """An empty table that was made long ago; unset settings are AWS's."""
    stored = {
        "TableName": "reviews",
        "TableArn": ARN,
        "TableId": "i",
        "CreationDateTime": 1,
        "pk_name": "pk",
        "items": {"old": {"": item("old")}},
    }
    return StoredTable(stored)


@pytest.fixture(autouse=True)
def real_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAKESHOT_DYNAMODB_MINUTE_SECONDS", raising=False)


def item(pk: str, n: int = 0) -> dict[str, Any]:
    return {"pk": {"S": pk}, "n": {"N": str(n)}}


def recovery(table: StoredTable, clock: Clock, days: int = 35) -> Recovery:
    recoveries = Recoveries(clock)
    recoveries.switch(table, enabled=True, period_days=days)
    found = recoveries.of(table)
    assert found is not None
    return found


def test_recovery_reaches_back_its_period_and_no_further(table: StoredTable, clock: Clock) -> None:
    """From its first second on, then for so many days; the latest is five minutes ago."""
    clock.now = NOW + SECOND // 2
    known = recovery(table, clock, days=2)
    assert known.earliest(clock.now) == known.latest(clock.now) == NOW
    assert known.latest(NOW + HOUR) == NOW + 55 * MINUTE
    assert known.earliest(NOW + DAY) == NOW
    assert known.earliest(NOW + 3 * DAY) == NOW + DAY


def test_a_table_made_again_has_no_recovery(table: StoredTable, clock: Clock) -> None:
    """Nor does it write into the history of the one that had its name."""
    recoveries = Recoveries(clock)
    recoveries.switch(table, enabled=True)
    known = recoveries.of(table)
    again = StoredTable(dict(table._table))
    recoveries.record(ItemChange(again, ("new", ""), None, item("new")))
    assert recoveries.of(again) is None
    assert known is not None
    assert known.history.items_at(NOW + DAY) == [item("old")]
    status = recoveries.description(again)["PointInTimeRecoveryDescription"]
    assert status == {"PointInTimeRecoveryStatus": "DISABLED"}


def test_what_lies_before_the_period_is_let_go_of(table: StoredTable, clock: Clock) -> None:
    """Later states are the same without it."""
    recoveries = Recoveries(clock)
    recoveries.switch(table, enabled=True, period_days=1)
    known = recoveries.of(table)
    assert known is not None
    recoveries.record(ItemChange(table, ("new", ""), None, item("new")))
    clock.now = NOW + 2 * DAY
    recoveries.record(ItemChange(table, ("old", ""), item("old"), None))
    assert known.history.changes(NOW, NOW + HOUR)
    recoveries.forget_expired(known)
    assert known.history.changes(NOW, NOW + HOUR) == []
    assert known.history.items_at(clock.now) == [item("old"), item("new")]
    assert known.history.items_at(clock.now + 1) == [item("new")]


@pytest.mark.parametrize("length", [15 * MINUTE, 24 * HOUR])
def test_a_window_of_a_quarter_hour_to_a_day_is_exported(
    table: StoredTable, clock: Clock, length: int
) -> None:
    """Both ends included, with AWS's own minutes."""
    known = recovery(table, clock)
    now = NOW + 2 * DAY
    period = exported_period(known, AskedPeriod(NOW + HOUR, NOW + HOUR + length, "NEW_IMAGE"), now)
    assert period.until - period.since == length


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        (HOUR, HOUR + 15 * MINUTE - SECOND, "less than 15 minutes"),
        (HOUR, HOUR + DAY + SECOND, "greater than 24 hours"),
        (-HOUR, HOUR, "not available for specified export time"),
        (2 * DAY - 10 * MINUTE, None, "less than 15 minutes"),
    ],
)
def test_another_window_is_not(
    table: StoredTable, clock: Clock, since: int, until: int | None, message: str
) -> None:
    known = recovery(table, clock)
    asked = AskedPeriod(NOW + since, None if until is None else NOW + until, "NEW_IMAGE")
    with pytest.raises(ServiceError, match=message) as refused:
        exported_period(known, asked, NOW + 2 * DAY)
    assert refused.value.code == "InvalidExportTimeException"


def test_a_full_export_is_of_now_or_of_a_time_within_the_period(table: StoredTable, clock: Clock) -> None:
    known = recovery(table, clock, days=1)
    now = NOW + 2 * DAY
    assert exported_instant(known, None, now) == now
    assert exported_instant(known, NOW + DAY, now) == NOW + DAY
    with pytest.raises(ServiceError, match="not available for specified export time"):
        exported_instant(known, NOW + DAY - 1, now)


@pytest.fixture
def minutes_ago(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Tag the table: what is done from now on was done so many minutes ago."""

    def tag(minutes: str) -> None:
        monkeypatch.setitem(_tags, ARN, [{"Key": "lakeshot-local:written-minutes-ago", "Value": minutes}])

    return tag


def test_what_is_done_while_the_tag_is_set_was_done_in_the_past(
    table: StoredTable, clock: Clock, minutes_ago: Callable[[str], None]
) -> None:
    """Recovery and each write, by the tag of its moment; without it they are of now."""
    table._table["CreationDateTime"] = NOW // SECOND
    recoveries = Recoveries(clock)
    minutes_ago("600")
    recoveries.switch(table, enabled=True)
    minutes_ago("90.5")
    recoveries.record(ItemChange(table, ("new", ""), None, item("new")))
    minutes_ago("0")
    recoveries.record(ItemChange(table, ("old", ""), item("old"), None))
    known = recoveries.of(table)
    assert known is not None
    assert known.earliest(NOW) == NOW - 10 * HOUR
    times = [write.written_at for write in known.history.changes(0, NOW + 1)]
    assert times == [NOW - 90 * MINUTE - 30 * SECOND, NOW]


def test_the_table_is_as_old_as_its_recovery(
    table: StoredTable, clock: Clock, minutes_ago: Callable[[str], None]
) -> None:
    """Though it was made just now, all since then is exported; what is before was before its creation."""
    table._table["CreationDateTime"] = NOW // SECOND
    minutes_ago("600")
    known = recovery(table, clock)
    minutes_ago("0")
    began = NOW - 10 * HOUR
    assert exported_instant(known, began, NOW) == began
    asked = AskedPeriod(began, began + 15 * MINUTE, "NEW_IMAGE")
    check_begins_after_creation(table, known, asked)
    assert exported_period(known, asked, NOW).since == began
    with pytest.raises(ServiceError, match="Export Time is invalid"):
        exported_instant(known, began - SECOND, NOW)
    for early, of_table in ((began - SECOND, known), (began, None)):
        with pytest.raises(ServiceError, match="less than the table creation time"):
            check_begins_after_creation(table, of_table, AskedPeriod(early, NOW, "NEW_IMAGE"))


def test_time_does_not_go_back(table: StoredTable, clock: Clock, minutes_ago: Callable[[str], None]) -> None:
    """A write that would be earlier than the last one, or than recovery, comes right after it."""
    recoveries = Recoveries(clock)
    recoveries.switch(table, enabled=True)
    for minutes, pk in (("30", "a"), ("0", "b"), ("20", "c")):
        minutes_ago(minutes)
        recoveries.record(ItemChange(table, (pk, ""), None, item(pk)))
    known = recoveries.of(table)
    assert known is not None
    times = {write.place[0]: write.written_at for write in known.history.changes(0, NOW + DAY)}
    assert times == {"a": NOW, "b": NOW + 1, "c": NOW + 2}


def export(number: int = 0, *, token: str | None = None, **asked: object) -> Export:
    destination = Destination("b", None, None, "AES256", None)
    arn = f"{ARN}/export/{number:014d}-0000abcd"
    return Export(arn, ARN, "i", destination, token, NOW, NOW, None, dict(asked))


def test_a_token_is_forgotten_after_eight_hours() -> None:
    """Until then it stands for its export, afterwards for a new request."""
    register = Register()
    known = export(token="t", S3Bucket="b")
    register.add(known)
    assert register.repeated("t", {"S3Bucket": "b"}, NOW + 8 * HOUR - 1) is known
    assert register.repeated("t", {"S3Bucket": "other"}, NOW + 8 * HOUR) is None
    assert register.repeated("u", {"S3Bucket": "b"}, NOW) is None
    assert register.repeated(None, {"S3Bucket": "b"}, NOW) is None


def test_three_hundred_exports_may_be_in_progress() -> None:
    register = Register()
    for number in range(IN_FLIGHT):
        register.add(export(number))
    with pytest.raises(ServiceError, match="300 exports are in progress") as refused:
        register.add(export(IN_FLIGHT))
    assert refused.value.code == "LimitExceededException"


@pytest.mark.parametrize(
    ("prefix", "key"),
    [
        (None, "AWSDynamoDB/x"),
        ("raw", "raw/AWSDynamoDB/x"),
        ("raw/", "raw/AWSDynamoDB/x"),
        ("", "AWSDynamoDB/x"),
    ],
)
def test_a_prefix_is_joined_with_one_slash(prefix: str | None, key: str) -> None:
    assert Destination("b", prefix, None, "AES256", None).key("x") == key


@pytest.mark.parametrize(
    "member", [{"ExportFormat": "ION"}, {"FilterSpecification": {"FilterExpression": "a"}}]
)
def test_what_the_embedded_cloud_cannot_write_is_refused_by_name(member: dict[str, object]) -> None:
    with pytest.raises(ServiceError, match=f"{next(iter(member))} .*is not in the embedded cloud"):
        ExportRequest.of({"TableArn": ARN, "S3Bucket": "bucket", **member}, account="000000000000")


@given(st.lists(KEY, unique=True, max_size=20), st.integers(1, 5))
def test_each_item_is_in_the_file_of_its_partition(keys: list[str], partitions: int) -> None:
    """Every file is there, and its lines hold the items of one range of hashes, as JSON of one line each."""
    content = full_content([item(key) for key in keys], ("pk",), partitions)
    assert len(content.files) == partitions
    assert content.item_count == len(keys)
    found = []
    for partition, lines in enumerate(content.files):
        for line in lines:
            assert line.endswith(b"\n")
            assert line.count(b"\n") == 1
            read = json.loads(line)["Item"]
            assert partition_of(read["pk"], partitions) == partition
            found.append(read["pk"]["S"])
    assert sorted(found) == sorted(keys)


def test_changes_are_billed_ten_megabytes_at_least() -> None:
    """Beyond that the sizes of all images, in either view."""
    small = Write(1, ("a", ""), None, item("a"))
    assert incremental_content([small], ("pk",), 1, "NEW_IMAGE").billed_bytes == 10_000_000
    large = item("a") | {"s": {"S": "x" * 6_000_000}}
    update = Write(1, ("a", ""), large, large)
    assert incremental_content([update], ("pk",), 1, "NEW_IMAGE").billed_bytes > 12_000_000
