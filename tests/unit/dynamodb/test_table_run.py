"""What a run's plan means for its files and its commit."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

import pytest

from lakeshot.columns.changes import CHANGE_COLUMNS
from lakeshot.columns.types import BIGINT, DECIMAL, JSON, STRING, Column, ColumnType
from lakeshot.config.deployed import Deployed
from lakeshot.dynamodb.rate import ReadRate
from lakeshot.dynamodb.table_run import table_commit, table_target
from lakeshot.errors import PinnedTypeError
from lakeshot.runs.plan import Baseline, NativeReading, Plan, ScanReading, SourceTable
from tests.unit.conftest import NOON

KNOWN = (Column(name="id", source="Id", type=STRING), Column(name="price", source="Price", type=JSON))


def plan(
    deployed: Deployed,
    *,
    types: Mapping[str, ColumnType] | None = None,
    keys: Mapping[str, Literal["S", "N", "B"]] | None = None,
    baseline: Baseline | None = None,
) -> Plan:
    return Plan(
        run="run-1",
        execution_arn="arn:aws:states:us-east-1:123456789012:execution:export:run-1",
        group=None,
        moment=NOON,
        moment_from="the run's start",
        started_at=NOON,
        deployed=deployed.model_copy(update={"types": types or {}}),
        baseline=baseline,
        allow_older=False,
        reading=ScanReading(
            route_from="route: scan",
            source=SourceTable(
                name="Reviews",
                arn="arn:aws:dynamodb:us-east-1:123456789012:table/Reviews",
                item_count=0,
                size_bytes=0,
                on_demand=False,
                key_attributes=keys or {"Id": "S"},
            ),
            rate=ReadRate(units_per_second=5.0, basis="a test"),
            consistent_read=True,
            segments=3,
        ),
        data_bytes=0,
        workers=2,
        timeout_minutes=10,
    )


def test_files_start_from_the_baseline_and_the_pins(deployed: Deployed) -> None:
    """A pin replaces the published type, the published name stays."""
    target = table_target(plan(deployed, types={"Price": DECIMAL}), KNOWN)
    assert target.known_columns == KNOWN
    assert target.starting_columns == (KNOWN[0], Column(name="price", source="Price", type=DECIMAL))


def test_the_commit_knows_where_the_columns_are_from(deployed: Deployed) -> None:
    """The manifest is going to say so, as it says what the moment is."""
    baseline = Baseline(manifest="s3://b/runs/reviews/run-0/manifest.json", sha256="0" * 64)
    what = table_commit(plan(deployed, baseline=baseline), KNOWN, parts=3, expected_from="a test")
    assert (what.baseline, what.moment_from) == (baseline.manifest, "the run's start")
    assert (what.parts, what.expected_from, what.moment) == (3, "a test", NOON)
    assert what.target.known_columns == KNOWN
    assert table_commit(plan(deployed), (), parts=3, expected_from="a test").baseline is None


def test_keys_have_the_types_that_they_are_pinned_to(deployed: Deployed) -> None:
    """Also in the snapshot of an empty table."""
    keys: Mapping[str, Literal["S", "N", "B"]] = {"Id": "S", "When": "N"}
    what = table_commit(
        plan(deployed, keys=keys, types={"When": DECIMAL}), (), parts=3, expected_from="a test"
    )
    assert [(column.source, column.type) for column in what.key_columns] == [
        ("Id", STRING),
        ("When", DECIMAL),
    ]


def test_a_key_that_its_pin_cannot_hold_is_refused_without_reading(deployed: Deployed) -> None:
    """The table's own description says what its keys are."""
    with pytest.raises(
        PinnedTypeError, match="attribute 'Id' is pinned to bigint, but holds values that need"
    ):
        table_commit(plan(deployed, types={"Id": BIGINT}), (), parts=3, expected_from="a test")


def test_an_export_converted_again_keeps_its_own_instant(deployed: Deployed) -> None:
    """The name of the first snapshot of that instant is taken."""
    scanned = plan(deployed)
    earlier = NOON - timedelta(hours=1)
    reading = NativeReading(route_from="a test", source=scanned.table, export_time=earlier)
    what = table_commit(scanned.model_copy(update={"reading": reading}), (), parts=1, expected_from="a test")
    assert (what.moment, what.snapshot) == (earlier, scanned.snapshot)


def changing(scanned: Plan) -> Plan:
    """The plan of a run that reads changes."""
    reading = NativeReading(
        route_from="a test", source=scanned.table, export_time=NOON, follows="20261121T110000Z"
    )
    return scanned.model_copy(update={"reading": reading})


def test_the_columns_of_changes_come_before_those_of_the_rows(deployed: Deployed) -> None:
    """Whether the snapshot that they follow is whole or holds changes itself."""
    plan_ = changing(plan(deployed))
    for known in (KNOWN, (*CHANGE_COLUMNS, *KNOWN)):
        assert table_target(plan_, known).known_columns == (*CHANGE_COLUMNS, *KNOWN)
    assert table_target(plan_, ()).known_columns == CHANGE_COLUMNS


def test_every_row_has_no_columns_of_changes(deployed: Deployed) -> None:
    """Also where the published snapshot holds changes."""
    assert table_target(plan(deployed), (*CHANGE_COLUMNS, *KNOWN)).known_columns == KNOWN


def test_changes_lie_apart_and_say_what_they_follow(deployed: Deployed) -> None:
    """In the table of changes; their key columns are those of the rows."""
    what = table_commit(changing(plan(deployed)), KNOWN, parts=1, expected_from="a test")
    assert what.target.prefix == "snapshots_reviews__changes/snapshot_timestamp=20261121T120000Z/"
    assert what.follows == "20261121T110000Z"
    assert [column.source for column in what.key_columns] == ["Id"]
    assert table_commit(plan(deployed), KNOWN, parts=1, expected_from="a test").follows is None
