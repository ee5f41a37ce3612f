"""Point-in-time recovery of a table, without which DynamoDB cannot export it."""

from datetime import datetime
from typing import TYPE_CHECKING

from lakeshot.model import Model
from lakeshot.refusals import refusals_named

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class Recovery(Model):
    """How far back a table can be exported now."""

    earliest: datetime


def find_recovery(client: "DynamoDBClient", table: str) -> Recovery | None:
    """The table's recovery; None if it is off."""
    with refusals_named("dynamodb:DescribeContinuousBackups", f"table/{table}"):
        found = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = found.get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        return None
    return Recovery(earliest=recovery["EarliestRestorableDateTime"])
