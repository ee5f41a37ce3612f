"""Runs that go well: everything of the source, once, in the view."""

import base64
from decimal import Decimal
from typing import Any

import pytest

from tests.cloud.pipeline.pipeline import Pipeline

pytestmark = pytest.mark.cloud

REVIEWS: list[dict[str, Any]] = [
    {"Id": {"S": "r-1"}, "Stars": {"N": "5"}, "Text": {"S": "Bright."}},
    {"Id": {"S": "r-2"}, "Stars": {"N": "3"}, "Verified": {"BOOL": True}},
]


def test_two_exports_of_two_items_are_four_rows_and_a_view_of_two(pipeline: Pipeline) -> None:
    """The reference story, with a crawler: every snapshot stays, the view shows the latest."""
    pipeline.make_table("Reviews", REVIEWS)
    assert pipeline.number('SELECT count(*) FROM "reviews"') == 0
    pipeline.succeed("reviews")
    second = pipeline.succeed("reviews")
    assert pipeline.number('SELECT count(*) FROM "snapshots_reviews"') == 4
    assert pipeline.rows('SELECT id, stars, text, verified FROM "reviews" ORDER BY id') == [
        {"id": "r-1", "stars": 5, "text": "Bright.", "verified": None},
        {"id": "r-2", "stars": 3, "text": None, "verified": True},
    ]
    record = pipeline.record("reviews", second)
    assert (record.state, record.step, record.rows, record.rows_done) == ("SUCCEEDED", "done", 2, 2)
    assert record.snapshot is not None
    assert (
        pipeline.number(f"SELECT count(*) FROM \"reviews\" WHERE snapshot_timestamp = '{record.snapshot}'")
        == 2
    )
    assert pipeline.holder("reviews") is None


def test_json_lines_show_the_same_values_as_any_format(pipeline: Pipeline) -> None:
    """What JSON lines hold as text is cast back by the view, to the last digit."""
    pipeline.make_table(
        "Notes",
        [
            {
                "Id": {"S": 'n"1\n'},
                "Price": {"N": "12345678901234567890.123456789012345678"},
                "Photo": {"B": b"\x00\xff"},
                "Sizes": {"NS": ["1", "2.5"]},
                "Where": {"M": {"city": {"S": "Zürich"}}},
            }
        ],
    )
    pipeline.succeed("notes")
    [row] = pipeline.rows(
        "SELECT id, price, to_base64(photo) AS photo, sizes[2] AS size, "
        'json_extract_scalar("where", \'$.city\') AS city FROM "notes"'
    )
    assert row == {
        "id": 'n"1\n',
        "price": Decimal("12345678901234567890.123456789012345678"),
        "photo": base64.b64encode(b"\x00\xff").decode(),
        "size": Decimal("2.500000000000000000"),
        "city": "Zürich",
    }


def test_ten_thousand_items_of_all_kinds_arrive_once_each(pipeline: Pipeline) -> None:
    """Sparse, conflicting and colliding attributes, and an item of 400 KB."""
    items = [
        {
            "Id": {"S": f"{number:05d}"},
            "Name": {"S": f"name {number}"},
            "name": {"N": str(number)},
            "Mixed": {"S": "text"} if number % 2 else {"N": "7"},
            **({"Rare": {"S": "found"}} if number == 7_777 else {}),
            **({"Large": {"S": "x" * 390_000}} if number == 1 else {}),
        }
        for number in range(10_000)
    ]
    pipeline.make_table("Readings", items, read_units=4_000)
    pipeline.succeed("readings", read_percentage=1.0)
    [row] = pipeline.rows(
        "SELECT count(*) AS rows, count(DISTINCT id) AS ids, sum(name) AS total, count(rare) AS rare, "
        'max(length(large)) AS large FROM "readings"'
    )
    assert row == {"rows": 10_000, "ids": 10_000, "total": 49_995_000, "rare": 1, "large": 390_000}
    mixed = pipeline.rows('SELECT mixed, count(*) AS n FROM "readings" GROUP BY 1 ORDER BY 1')
    assert mixed == [{"mixed": '"text"', "n": 5_000}, {"mixed": "7", "n": 5_000}]
    assert pipeline.number("SELECT count(*) FROM \"readings\" WHERE name_dcd1d5 = 'name 7'") == 1


@pytest.mark.parametrize("export", ["nothing", "nothing-json"])
def test_an_empty_table_is_a_valid_empty_snapshot(pipeline: Pipeline, export: str) -> None:
    """Pages with no items, no rows, but a view with the key column that can be queried."""
    if export == "nothing":
        pipeline.make_table("Nothing")
    pipeline.succeed(export)
    view = export.replace("-", "_")
    assert pipeline.rows(f'SELECT id FROM "{view}"') == []
    assert len(pipeline.partitions(export)) == 1
