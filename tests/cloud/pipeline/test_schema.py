"""Sources that change their attributes: nothing is lost, everything old stays queryable, names stay."""

from decimal import Decimal

import pytest

from lakeshot.columns.types import BIGINT, DECIMAL, JSON, STRING
from lakeshot.commit.manifest import Manifest
from local.dynamodb.item_size import item_size
from tests.cloud.pipeline.pipeline import Pipeline

pytestmark = pytest.mark.cloud

SEGMENTS, ITEMS, ITEM_BYTES = 900, 4_500, 4_096


def columns(manifest: Manifest) -> dict[str, tuple[str, str]]:
    """Name and type of each attribute's column."""
    return {column.source: (column.name, str(column.type)) for column in manifest.columns}


@pytest.mark.parametrize(
    ("export", "table"),
    [("widened", "Widened"), ("widened-json", "WidenedJson"), ("widened-crawled", "WidenedCrawled")],
)
def test_another_type_opens_another_table_and_both_can_be_queried(
    pipeline: Pipeline, export: str, table: str
) -> None:
    """Integers become text, an attribute disappears, and one comes that differs in case only."""
    text = {"Name": {"S": "x"}}
    pipeline.make_table(
        table,
        [
            {"Id": {"S": "a"}, "Stars": {"N": "5"}, "Gone": {"S": "soon"}, **text},
            {"Id": {"S": "b"}, "Stars": {"N": "3"}, **text},
        ],
    )
    first = str(pipeline.record(export, pipeline.succeed(export)).snapshot)
    for changed in (
        {"Id": {"S": "a"}, "Stars": {"S": "five"}, "name": {"S": "y"}, **text},
        {"Id": {"S": "b"}, "Stars": {"N": "3"}, **text},
    ):
        pipeline.client("dynamodb").put_item(TableName=table, Item=changed)
    record = pipeline.record(export, pipeline.succeed(export))
    second = str(record.snapshot)

    assert record.generation == 2
    assert record.schema_change == (
        "'Stars' is json, was bigint; 'name' is new (string); 'Gone' has no values"
    )
    before, after = columns(pipeline.manifest(export, first)), columns(pipeline.manifest(export, second))
    assert before == {
        "Id": ("id", str(STRING)),
        "Gone": ("gone", str(STRING)),
        "Name": ("name", str(STRING)),
        "Stars": ("stars", str(BIGINT)),
    }
    newcomer, _ = after["name"]
    assert newcomer.startswith("name_")
    assert after == {**before, "Stars": ("stars", str(JSON)), "name": (newcomer, str(STRING))}
    view = export.replace("-", "_")
    assert pipeline.rows(
        f'SELECT id, stars, gone, name, "{newcomer}" AS other FROM "{view}" ORDER BY id'
    ) == [
        {"id": "a", "stars": '"five"', "gone": None, "name": "x", "other": "y"},
        {"id": "b", "stars": "3", "gone": None, "name": "x", "other": None},
    ]
    old = f"SELECT id, stars, gone, name FROM \"snapshots_{view}\" WHERE snapshot_timestamp = '{first}'"
    assert pipeline.rows(f"{old} ORDER BY id") == [
        {"id": "a", "stars": 5, "gone": "soon", "name": "x"},
        {"id": "b", "stars": 3, "gone": None, "name": "x"},
    ]
    new = f"SELECT count(*) FROM \"snapshots_{view}__2\" WHERE snapshot_timestamp = '{second}'"
    assert pipeline.number(new) == 2
    pipeline.assert_settled(export, shown=second, kept=[first, second])


def test_one_file_of_many_that_disagrees_is_rewritten_and_the_source_read_once(pipeline: Pipeline) -> None:
    """One segment holds an integer where another holds a fraction; no file but that one is touched."""
    items = []
    for number in range(ITEMS):
        item = {"Id": {"S": f"{number:05d}"}, "Text": {"S": ""}}
        if number in (1, 2):
            item["Rare"] = {"N": "7" if number == 1 else "7.5"}
        item["Text"] = {"S": "x" * (ITEM_BYTES - item_size(item))}  # so that no page is rounded up
        items.append(item)
    pipeline.make_table("Disagreeing", items)
    pages = pipeline.client("dynamodb").get_paginator("scan")
    scan = pages.paginate(TableName="Disagreeing", ReturnConsumedCapacity="TOTAL", Select="COUNT")
    once = sum(page["ConsumedCapacity"]["CapacityUnits"] for page in scan)
    record = pipeline.record("disagreeing", pipeline.succeed("disagreeing", read_percentage=1.0))

    assert record.segments == SEGMENTS
    assert once <= record.units_consumed <= 1.02 * once
    manifest = pipeline.manifest("disagreeing", str(record.snapshot))
    assert columns(manifest)["Rare"] == ("rare", str(DECIMAL))
    names = [file.key.rpartition("/")[2].split("-") for file in manifest.files]
    assert len({part for _, part, *_ in names}) == len(names) > 0.98 * SEGMENTS
    rewritten = [name for name in names if len(name) == 5]  # part, number, run, and what it was made of
    assert len(rewritten) == 1
    assert pipeline.rows(
        'SELECT count(*) AS n, count(DISTINCT id) AS ids, sum(rare) AS rare FROM "disagreeing"'
    ) == [{"n": ITEMS, "ids": ITEMS, "rare": Decimal("14.5")}]
    pipeline.assert_settled("disagreeing", shown=record.snapshot, kept=[str(record.snapshot)])


def test_a_pinned_type_is_kept_or_the_run_says_why_it_cannot_be(pipeline: Pipeline) -> None:
    """Whole numbers are decimals from the start; a number with too many digits is not rounded."""
    pipeline.make_table("Pinned", [{"Id": {"S": "a"}, "Amount": {"N": "12"}, "Other": {"N": "12"}}])
    first = str(pipeline.record("pinned", pipeline.succeed("pinned")).snapshot)
    assert columns(pipeline.manifest("pinned", first)) == {
        "Id": ("id", str(STRING)),
        "Amount": ("amount", str(DECIMAL)),
        "Other": ("other", str(BIGINT)),
    }
    assert pipeline.rows('SELECT amount FROM "pinned"') == [{"amount": Decimal("12.000000000000000000")}]
    exact = {"Id": {"S": "b"}, "Amount": {"N": "0.1234567890123456789"}}
    pipeline.client("dynamodb").put_item(TableName="Pinned", Item=exact)
    failed = pipeline.run("pinned")
    assert failed.status == "FAILED"
    record = pipeline.record("pinned", failed.run)
    assert record.error == (
        "PinnedTypeError: attribute 'Amount' is pinned to decimal(38,18), but holds values that need "
        "number_text; nothing was published. Remove its entry from 'types' in exports.yaml or widen it to "
        "number_text (json holds everything), deploy and run again"
    )
    assert "'types' of exports.yaml" in str(record.next_step)
    pipeline.assert_settled("pinned", shown=first, kept=[first])
