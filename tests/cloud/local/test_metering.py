"""DynamoDB's metering in the running embedded cloud, seen through boto3."""

import pytest
from botocore.config import Config

from tests.cloud.local.account import REGION, Account

pytestmark = pytest.mark.cloud


def test_boto3_sees_capacity_pages_and_throttling(account: Account) -> None:
    """Units per page, a second page after 1 MB, and the exception of an exhausted table."""
    dynamodb = account.client("dynamodb")
    dynamodb.create_table(
        TableName="metered",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 100, "WriteCapacityUnits": 1},
        Tags=[{"Key": "lakeshot-local:burst-seconds", "Value": "1"}],
    )
    for i in range(5):
        item = {"id": {"S": str(i)}, "x": {"S": "é" * (150_000 - 2)}}
        dynamodb.put_item(TableName="metered", Item=item)
    pages = list(dynamodb.get_paginator("scan").paginate(TableName="metered", ReturnConsumedCapacity="TOTAL"))
    assert [page["Count"] for page in pages] == [3, 2]
    assert [page["ConsumedCapacity"]["CapacityUnits"] for page in pages] == [110.0, 73.5]
    impatient = account.session.client(
        "dynamodb",
        region_name=REGION,
        endpoint_url=account.instance.settings.endpoint_url,
        verify=str(account.instance.settings.certificate),
        config=Config(retries={"total_max_attempts": 1}),
    )
    impatient.scan(TableName="metered", ConsistentRead=True)
    with pytest.raises(impatient.exceptions.ProvisionedThroughputExceededException):
        impatient.scan(TableName="metered", ConsistentRead=True)


def test_a_table_s_statistics_are_stale_while_a_scan_is_not(account: Account) -> None:
    """DescribeTable counts what was there at its last look, Scan what is there now."""
    dynamodb = account.client("dynamodb")
    dynamodb.create_table(
        TableName="stale",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "lakeshot-local:statistics-seconds", "Value": "21600"}],
    )

    def described() -> tuple[int, bool]:
        table = dynamodb.describe_table(TableName="stale")["Table"]
        return table["ItemCount"], table["TableSizeBytes"] > 0

    assert described() == (0, False)
    for i in range(3):
        dynamodb.put_item(TableName="stale", Item={"id": {"S": str(i)}})
    assert described() == (0, False)
    assert dynamodb.scan(TableName="stale", Select="COUNT")["Count"] == 3
    arn = dynamodb.describe_table(TableName="stale")["Table"]["TableArn"]
    dynamodb.untag_resource(ResourceArn=arn, TagKeys=["lakeshot-local:statistics-seconds"])
    assert described() == (3, True)
