"""The stored tables of ministack's DynamoDB can be read where metering reads them."""

import asyncio
import json
import time
from uuid import UUID

from ministack.services import dynamodb

from local.hooks.dynamodb import stored_table


def call(operation: str, **request: object) -> None:
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    status, _, _ = asyncio.run(
        dynamodb.handle_request("POST", "/", headers, json.dumps(request).encode(), {})
    )
    assert status == 200


def test_a_stored_table_shows_keys_units_tags_and_the_very_items() -> None:
    """Key names, ARN, limits, tags, counts; an item is the same object each time until it is written."""
    call(
        "CreateTable",
        TableName="reviews",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 1},
        Tags=[{"Key": "k", "Value": "v"}],
    )
    key = {"pk": {"S": "a"}, "sk": {"N": "1"}}
    call("PutItem", TableName="reviews", Item=key)
    table = stored_table("reviews")
    assert table is not None
    assert table.name == "reviews"
    assert table.arn == "arn:aws:dynamodb:us-east-1:000000000000:table/reviews"
    assert table.key_names == ("pk", "sk")
    assert (table.is_provisioned, table.read_units_per_second) == (True, 7)
    assert table.tags == {"k": "v"}
    assert table.item_count == 1
    assert list(table.items()) == [key]
    assert list(table.placed_items()) == [(("a", "1"), key)]
    assert table.created_at <= time.time()
    assert UUID(table.id)
    first = table.item(dict(key))
    assert first is table.item(dict(key))
    call("PutItem", TableName="reviews", Item=key)
    assert table.item(dict(key)) is not first
    call("UpdateTable", TableName="reviews", BillingMode="PAY_PER_REQUEST")
    assert (table.is_provisioned, table.read_units_per_second) == (False, None)
    again = stored_table(table.arn)
    assert again is not None
    assert again.is_same(table)
    assert stored_table("nowhere") is None
