"""What a run's plan means for the parts, the files and the commit of a scan."""

import pickle
from collections.abc import Mapping
from typing import Literal

import pytest

from lakeshot.columns.types import BIGINT, DECIMAL, JSON, STRING, Column, ColumnType
from lakeshot.config.deployed import Deployed
from lakeshot.dynamodb.rate import ReadRate
from lakeshot.dynamodb.scan_run import ScanWorker, scan_commit, scan_parts, scan_target
from lakeshot.errors import PinnedTypeError
from lakeshot.runs.plan import Baseline, Plan, ScanReading, SourceTable
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


def test_there_is_one_part_a_segment(deployed: Deployed) -> None:
    """Each names the table, its own number and how many there are."""
    parts = scan_parts(plan(deployed))
    assert [(part.table, part.segment, part.total_segments, part.consistent_read) for part in parts] == [
        ("Reviews", 0, 3, True),
        ("Reviews", 1, 3, True),
        ("Reviews", 2, 3, True),
    ]


def test_files_start_from_the_baseline_and_the_pins(deployed: Deployed) -> None:
    """A pin replaces the published type, the published name stays."""
    target = scan_target(plan(deployed, types={"Price": DECIMAL}), KNOWN)
    assert target.known_columns == KNOWN
    assert target.starting_columns == (KNOWN[0], Column(name="price", source="Price", type=DECIMAL))


def test_the_commit_knows_where_the_columns_are_from(deployed: Deployed) -> None:
    """The manifest is going to say so, as it says what the moment is."""
    baseline = Baseline(manifest="s3://b/runs/reviews/run-0/manifest.json", sha256="0" * 64)
    what = scan_commit(plan(deployed, baseline=baseline), KNOWN)
    assert (what.baseline, what.moment_from) == (baseline.manifest, "the run's start")
    assert what.target.known_columns == KNOWN
    assert scan_commit(plan(deployed), ()).baseline is None


def test_keys_have_the_types_that_they_are_pinned_to(deployed: Deployed) -> None:
    """Also in the snapshot of an empty table."""
    keys: Mapping[str, Literal["S", "N", "B"]] = {"Id": "S", "When": "N"}
    what = scan_commit(plan(deployed, keys=keys, types={"When": DECIMAL}), ())
    assert [(column.source, column.type) for column in what.key_columns] == [
        ("Id", STRING),
        ("When", DECIMAL),
    ]


def test_a_key_that_its_pin_cannot_hold_is_refused_without_reading(deployed: Deployed) -> None:
    """The table's own description says what its keys are."""
    with pytest.raises(
        PinnedTypeError, match="attribute 'Id' is pinned to bigint, but holds values that need"
    ):
        scan_commit(plan(deployed, types={"Id": BIGINT}), ())


def test_a_worker_is_sent_with_what_is_known_once(deployed: Deployed) -> None:
    """Thousands of columns travel with the worker, not with each part."""
    wide = tuple(Column(name=f"c{n}", source=f"c{n}", type=STRING) for n in range(1_600))
    worker = ScanWorker(scan_target(plan(deployed), wide), "us-east-1", ("127.0.0.1", 1), b"key")
    assert pickle.loads(pickle.dumps(worker)) == worker  # noqa: S301
    assert max(len(pickle.dumps(part)) for part in scan_parts(plan(deployed))) < 1_000
