"""Whether a table has point-in-time recovery, without which DynamoDB cannot export it."""

from typing import TYPE_CHECKING

from lakeshot.refusals import refusals_named

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


def has_recovery(client: "DynamoDBClient", table: str) -> bool:
    """Whether point-in-time recovery is on now."""
    with refusals_named("dynamodb:DescribeContinuousBackups", f"table/{table}"):
        found = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = found.get("PointInTimeRecoveryDescription", {})
    return recovery.get("PointInTimeRecoveryStatus") == "ENABLED"
