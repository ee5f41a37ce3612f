"""A table whose changes are exported: whole once, then by windows, and the view shows it as it was each time.

Windows are as long as AWS has them, because the tables are written to in their past.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lakeshot.names import snapshot_name
from tests.cloud.pipeline.pipeline import DATABASE, Pipeline

pytestmark = pytest.mark.cloud

MINUTE = timedelta(minutes=1)
Row = dict[str, Any]


class Past:
    """A table with recovery whose writes are dated back; ``rows`` are what it holds by now, by key."""

    def __init__(self, pipeline: Pipeline, table: str, since: datetime) -> None:
        self.pipeline, self.table = pipeline, table
        self.rows: dict[str, Row] = {}
        pipeline.make_table(table)
        self.dynamodb = pipeline.client("dynamodb")
        self.arn = self.dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
        self._tag("minute-seconds", "60")
        self._tag("export-minutes", "0.01")
        self._go_to(since)
        self.dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )

    def put(self, at: datetime, key: str, **attributes: Mapping[str, Any]) -> None:
        """Write an item as if at that instant."""
        self._go_to(at)
        self.dynamodb.put_item(TableName=self.table, Item={"Id": {"S": key}, **attributes})
        values = {name.lower(): next(iter(value.values())) for name, value in attributes.items()}
        self.rows[key] = {"id": key, **values}

    def delete(self, at: datetime, key: str) -> None:
        """Delete an item as if at that instant."""
        self._go_to(at)
        self.dynamodb.delete_item(TableName=self.table, Key={"Id": {"S": key}})
        del self.rows[key]

    def _go_to(self, instant: datetime) -> None:
        self._tag("written-minutes-ago", f"{(datetime.now(UTC) - instant) / MINUTE:.6f}")

    def _tag(self, name: str, value: str) -> None:
        tags = [{"Key": f"lakeshot-local:{name}", "Value": value}]
        self.dynamodb.tag_resource(ResourceArn=self.arn, Tags=tags)


def shown(pipeline: Pipeline, view: str) -> dict[str, Row]:
    """The rows of the view by key, numbers as their digits and without what is null."""
    rows = pipeline.rows(f'SELECT * FROM "{view}"')
    return {
        row["id"]: {
            name: str(value)
            for name, value in row.items()
            if value is not None and name != "snapshot_timestamp"
        }
        for row in rows
    }


def number(digits: str) -> Row:
    return {"N": digits}


def text(words: str) -> Row:
    return {"S": words}


@pytest.fixture(scope="module")
def began() -> datetime:
    """Four days ago, from where the tables' past begins."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(days=4)


def test_the_view_shows_the_table_as_of_every_window(pipeline: Pipeline, began: datetime) -> None:
    """Inserts, updates, deletes, and what came and went; windows that are missing are made up for."""
    ledger = Past(pipeline, "Ledger", began)
    for key in "abcde":
        ledger.put(began + MINUTE, key, Amount=number("1"))
    first = began + 10 * MINUTE
    whole = pipeline.succeed("ledger", moment=snapshot_name(first))
    assert shown(pipeline, "ledger") == ledger.rows
    record = pipeline.record("ledger", whole)
    assert (record.follows, str(record.route_from).split(":")[0]) == (None, "the whole table")

    # The first window: everything that can happen to an item.
    ledger.put(first + 5 * MINUTE, "a", Amount=number("2"))
    ledger.put(first + 6 * MINUTE, "f", Amount=number("1"), Note=text("new"))
    ledger.delete(first + 7 * MINUTE, "b")
    ledger.put(first + 8 * MINUTE, "gone", Amount=number("1"))
    ledger.delete(first + 9 * MINUTE, "gone")
    second = first + 20 * MINUTE
    # In the overlap of two windows; the second one knows nothing of what it saw come and go.
    ledger.put(second - MINUTE, "c", Amount=number("3"))
    ledger.put(second - MINUTE / 2, "ghost", Amount=number("1"))
    run = pipeline.succeed("ledger", moment=snapshot_name(second))
    assert shown(pipeline, "ledger") == ledger.rows
    record = pipeline.record("ledger", run)
    assert (record.follows, record.rows) == (snapshot_name(first), 5)
    changes = pipeline.rows(
        "SELECT id, change_operation, change_old_image FROM snapshots_ledger__changes "
        f"WHERE snapshot_timestamp = '{snapshot_name(second)}' ORDER BY id"
    )
    assert [tuple(change.values()) for change in changes] == [
        ("a", "update", '{"Id":"a","Amount":1}'),
        ("b", "delete", '{"Id":"b","Amount":1}'),
        ("c", "update", '{"Id":"c","Amount":1}'),
        ("f", "insert", None),
        ("ghost", "insert", None),
    ]

    # The second: what was deleted is inserted again, and the ghost goes.
    ledger.delete(second + MINUTE, "ghost")
    ledger.put(second + 5 * MINUTE, "b", Amount=number("2"))
    ledger.delete(second + 6 * MINUTE, "d")
    third = second + 15 * MINUTE
    pipeline.succeed("ledger", moment=snapshot_name(third))
    assert shown(pipeline, "ledger") == ledger.rows
    assert "ghost" not in ledger.rows

    # Days without a run are made up for by as many windows; a number has become too wide meanwhile.
    ledger.put(third + timedelta(days=1), "a", Amount=number("2.5"))
    ledger.put(third + timedelta(days=2), "e", Amount=text("unknown"))
    ledger.delete(third + timedelta(days=3), "f")
    run = pipeline.succeed("ledger")
    assert shown(pipeline, "ledger") == {
        key: {**row, "amount": '"unknown"' if row["amount"] == "unknown" else row["amount"]}
        for key, row in ledger.rows.items()
    }
    record = pipeline.record("ledger", run)
    assert record.follows == snapshot_name(third)
    assert str(record.route_from).endswith("in 4 windows")
    kept = [snapshot_name(moment) for moment in (first, second, third)]
    assert [entry.snapshot for entry in pipeline.snapshots("ledger").all()] == [record.snapshot, *kept[::-1]]


def test_a_check_compacts_what_it_finds_right_and_publishes_nothing_else(
    pipeline: Pipeline, began: datetime
) -> None:
    """The view stays as it is until somebody has the whole table exported anew."""
    checked = Past(pipeline, "Checked", began)
    for key in "abc":
        checked.put(
            began + MINUTE, key, Tags={"SS": ["x", "y"]}, Place={"M": {"b": text("1"), "a": text("2")}}
        )
    first = began + 10 * MINUTE
    pipeline.succeed("checked", moment=snapshot_name(first))
    checked.put(first + MINUTE, "d", Tags={"SS": ["z"]})
    checked.delete(first + MINUTE, "a")
    second = first + 20 * MINUTE
    pipeline.succeed("checked", moment=snapshot_name(second))
    before = sorted(pipeline.rows("SELECT id, tags, place FROM checked"), key=lambda row: str(row["id"]))

    run = pipeline.succeed("checked", mode="check")
    whole = pipeline.record("checked", run)
    assert whole.route_from == f"mode: check, against snapshot {snapshot_name(second)}"
    after = sorted(pipeline.rows("SELECT id, tags, place FROM checked"), key=lambda row: str(row["id"]))
    assert after == before
    entry = pipeline.snapshots("checked").get(str(whole.snapshot))
    assert entry is not None
    assert entry.follows is None

    checked.put(second + 5 * MINUTE, "e")
    checked.delete(second + 6 * MINUTE, "b")
    third = second + 20 * MINUTE
    pipeline.succeed("checked", moment=snapshot_name(third))
    pipeline.client("glue").delete_partition(  # somebody loses the changes
        DatabaseName=DATABASE, TableName="snapshots_checked__changes", PartitionValues=[snapshot_name(third)]
    )
    ended = pipeline.run("checked", mode="check")
    assert (ended.status, ended.error) == ("FAILED", "VerificationError")
    assert f"1 rows are in {snapshot_name(third)} only and 1 in " in ended.cause
    assert "ARGS=--full" in ended.cause
    assert pipeline.pointer("checked").snapshot == snapshot_name(third)
    pipeline.succeed("checked", full=True)
    assert set(shown(pipeline, "checked")) == set(checked.rows) == {"c", "d", "e"}
