"""The generated table is like real ones: nested, sparse, mixed, and the same every time."""

from collections import Counter

import boto3
import pytest

from demo import events, reviews
from lakeshot.dynamodb.recovery import find_recovery


def test_keys_are_unique_and_the_table_repeatable() -> None:
    """As many items are stored as were asked for, and a second telling stores the same."""
    items = list(events.events(2_000))
    keys = {(item["customer"]["S"], item["happened_at"]["S"]) for item in items}
    assert len(keys) == 2_000
    assert items == list(events.events(2_000))


def test_attributes_are_nested_sparse_and_mixed() -> None:
    """Every DynamoDB shape that makes exports hard is there."""
    items = list(events.events(2_000))
    present = Counter(name for item in items for name in item)
    assert present["device"] == 2_000
    assert 0 < present["amount"] < 2_000
    assert present["trace"] == 2
    assert {kind for item in items for kind in item.get("campaign", {})} == {"N", "S"}
    assert {kind for item in items for value in item.values() for kind in value} == {
        *("S", "N", "BOOL", "M", "L", "SS", "B"),
    }


@pytest.mark.usefixtures("aws")
def test_all_items_are_written_and_counted() -> None:
    """What is counted by reading is what was asked for; a table that exists is left as it is."""
    tables = boto3.client("dynamodb")
    events.create(tables, 130)
    assert events.count_items(tables) == 130
    events.create(tables, 1)
    assert events.count_items(tables) == 130


@pytest.mark.usefixtures("aws")
def test_the_reference_table_has_two_reviews() -> None:
    """Making it again changes nothing."""
    tables = boto3.client("dynamodb")
    reviews.create(tables)
    reviews.create(tables)
    assert tables.scan(TableName="Reviews", Select="COUNT")["Count"] == 2


@pytest.mark.usefixtures("aws")
def test_the_reference_table_gets_recovery_when_it_is_asked_for() -> None:
    """Without it the table is scanned, with it DynamoDB exports it."""
    tables = boto3.client("dynamodb")
    reviews.create(tables)
    assert find_recovery(tables, "Reviews") is None
    reviews.switch_on_recovery(tables)
    assert find_recovery(tables, "Reviews") is not None
