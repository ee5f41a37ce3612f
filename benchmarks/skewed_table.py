"""A provisioned table that no number of segments cuts evenly, of items whose sizes differ widely."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

NAME = "Skewed"
PARTITIONS = 12
"""Each holds half as much as the one before. A partition is never cut, so one segment has half the table."""
_SCARCEST, _TYPICAL, _LARGEST = 100, 500, 390_000
"""Bytes of an item: most near the typical size, a few up to what DynamoDB allows."""
_TAIL = 1.2
_WORDS = "great poor battery colour sturdy arrived broken would buy again "
_BATCH, _WRITERS = 25, 4
Item = dict[str, dict[str, str]]


def create(read_units: int, size_bytes: int) -> int:
    """Make the table, with nothing saved for bursts, load it and return how many items it holds."""
    tables = boto3.client("dynamodb", config=Config(parameter_validation=False))
    tables.create_table(
        TableName=NAME,
        AttributeDefinitions=[
            {"AttributeName": "customer", "AttributeType": "S"},
            {"AttributeName": "number", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "customer", "KeyType": "HASH"},
            {"AttributeName": "number", "KeyType": "RANGE"},
        ],
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": read_units, "WriteCapacityUnits": 40_000},
        Tags=[{"Key": "lakeshot-local:burst-seconds", "Value": "0"}],
    )
    with ThreadPoolExecutor(_WRITERS) as writers:
        return sum(writers.map(lambda batch: _write(tables, batch), _batches(size_bytes)))


def _batches(size_bytes: int) -> Iterator[list[Item]]:
    items = _items(size_bytes)
    while batch := list(islice(items, _BATCH)):
        yield batch


def _items(size_bytes: int) -> Iterator[Item]:
    random = Random(1)
    text = _WORDS * (_LARGEST // len(_WORDS) + 1)
    for partition in range(PARTITIONS):
        left, number = size_bytes / 2 ** (partition + 1), 0
        while left > 0:
            size = min(_LARGEST, _SCARCEST + int(_TYPICAL * random.paretovariate(_TAIL)))
            yield {
                "customer": {"S": f"customer-{partition}"},
                "number": {"N": str(number)},
                "text": {"S": text[:size]},
            }
            left, number = left - size, number + 1


def _write(tables: "DynamoDBClient", batch: list[Item]) -> int:
    waiting: Any = {NAME: [{"PutRequest": {"Item": item}} for item in batch]}
    while waiting:
        waiting = tables.batch_write_item(RequestItems=waiting)["UnprocessedItems"]
    return len(batch)
