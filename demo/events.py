"""A larger table: events of a shop, with nested, sparse and mixed attributes as real tables have them."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TABLE = "Events"
READ_UNITS, WRITE_UNITS = 400, 40_000
"""So few read units that a quarter of them lets a person watch the export for some seconds."""
_BATCH, _WRITERS = 25, 8
_FIRST = datetime(2026, 11, 1, tzinfo=UTC)
_KINDS = ("view", "view", "view", "search", "add_to_cart", "purchase")
_SYSTEMS = ("android", "ios", "linux", "macos", "windows")
_COUNTRIES = ("BR", "DE", "IN", "JP", "NG", "US")
Item = dict[str, Any]


def client() -> "DynamoDBClient":
    """A client that does not check every item against the API's model, which takes longer than sending it."""
    return boto3.client("dynamodb", config=Config(parameter_validation=False))


def create(tables: "DynamoDBClient", count: int) -> None:
    """Make the table, provisioned, and write ``count`` events to it; one that exists is left as it is."""
    try:
        tables.create_table(
            TableName=TABLE,
            AttributeDefinitions=[
                {"AttributeName": "customer", "AttributeType": "S"},
                {"AttributeName": "happened_at", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "customer", "KeyType": "HASH"},
                {"AttributeName": "happened_at", "KeyType": "RANGE"},
            ],
            BillingMode="PROVISIONED",
            ProvisionedThroughput={"ReadCapacityUnits": READ_UNITS, "WriteCapacityUnits": WRITE_UNITS},
        )
    except tables.exceptions.ResourceInUseException:
        return
    tables.get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})
    with ThreadPoolExecutor(_WRITERS) as writers:
        for _ in writers.map(lambda batch: _write(tables, batch), _batches(count)):
            pass


def count_items(tables: "DynamoDBClient") -> int:
    """How many items the table holds, counted by reading it."""
    pages = tables.get_paginator("scan").paginate(TableName=TABLE, Select="COUNT", ConsistentRead=True)
    return sum(page["Count"] for page in pages)


def events(count: int) -> Iterator[Item]:
    """The same events for the same count, each with its own key."""
    chance = random.Random(count)  # noqa: S311 - sample data, not a secret
    for number in range(count):
        yield _event(chance, number)


def _event(chance: random.Random, number: int) -> Item:
    kind = chance.choice(_KINDS)
    item: Item = {
        "customer": {"S": f"c-{chance.randrange(10_000):05d}"},
        "happened_at": {"S": f"{_FIRST + timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}"},
        "kind": {"S": kind},
        "session": {"S": f"{chance.getrandbits(64):016x}"},
        "signed_in": {"BOOL": chance.random() < 0.6},  # noqa: PLR2004 - a made-up share, as all below
        "duration_ms": {"N": str(chance.randrange(60_000))},
        "device": {
            "M": {
                "os": {"S": chance.choice(_SYSTEMS)},
                "screen": {"M": {"width": {"N": "1920"}, "height": {"N": "1080"}}},
                "country": {"S": chance.choice(_COUNTRIES)},
            }
        },
    }
    if kind == "purchase":
        item["amount"] = {"N": f"{chance.randrange(100, 90_000) / 100:.2f}"}
        item["lines"] = {"L": [{"M": {"sku": {"S": f"p-{n}"}, "quantity": {"N": "1"}}} for n in range(2)]}
    if kind == "search":
        item["terms"] = {"SS": ["chair", "lamp"]}
    if number % 50 == 0:
        item["campaign"] = {"S": "autumn"} if number % 100 else {"N": "7"}
    if number % 1_000 == 0:
        item["trace"] = {"B": number.to_bytes(8, "big")}
    return item


def _batches(count: int) -> Iterator[list[Item]]:
    rest = events(count)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _write(tables: "DynamoDBClient", batch: list[Item]) -> None:
    waiting: Any = {TABLE: [{"PutRequest": {"Item": item}} for item in batch]}
    while waiting:
        waiting = tables.batch_write_item(RequestItems=waiting).get("UnprocessedItems")
