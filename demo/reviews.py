"""The table of the reference story: two reviews."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

TABLE = "Reviews"
_REVIEWS: tuple[Mapping[str, "AttributeValueTypeDef"], ...] = (
    {"review_id": {"S": "r-1"}, "product": {"S": "lamp"}, "stars": {"N": "5"}, "text": {"S": "Bright."}},
    {"review_id": {"S": "r-2"}, "product": {"S": "chair"}, "stars": {"N": "3"}, "verified": {"BOOL": True}},
)


def create(tables: "DynamoDBClient") -> None:
    """Make the table with its two items; one that exists already is left as it is."""
    try:
        tables.create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "review_id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "review_id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    except tables.exceptions.ResourceInUseException:
        return
    tables.get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})
    for review in _REVIEWS:
        tables.put_item(TableName=TABLE, Item=review)


def switch_on_recovery(tables: "DynamoDBClient") -> None:
    """Let DynamoDB keep what the table held at any instant, so that it can export the table itself."""
    tables.update_continuous_backups(
        TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
