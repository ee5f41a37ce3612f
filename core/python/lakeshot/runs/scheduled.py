"""One run per scheduled time: a schedule may deliver an instant more than once."""

from datetime import datetime
from typing import TYPE_CHECKING

from lakeshot.runs.keys import item_key
from lakeshot.runs.records import RunState, RunTable, expiry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class ScheduledTimes:
    """Which run has which scheduled time of one export or group."""

    def __init__(self, client: "DynamoDBClient", *, table: str, partition: str, name: str) -> None:
        self._client = client
        self._table = table
        self._partition = partition
        self._name = name
        self._runs = RunTable(client, table, partition=lambda _: partition)

    def claim(self, scheduled_time: str, *, run: str, now: datetime) -> str:
        """The run whose scheduled time this is: ``run``, or an earlier one that goes on or succeeded.

        A time whose run ended without success may be tried again, by whoever asks first.
        """
        other: str | None = None
        while True:
            names = {"#run": "run"}
            values = {":run": {"S": run}}
            condition = "attribute_not_exists(pk) OR #run = :run"
            if other is not None:
                condition += " OR #run = :other"
                values[":other"] = {"S": other}
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item={
                        **item_key(self._partition, f"scheduled#{scheduled_time}"),
                        "run": {"S": run},
                        "expires_at": {"N": str(expiry(now))},
                    },
                    ConditionExpression=condition,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=values,
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                first = self._holder(scheduled_time)
                if first is None:
                    continue
                record = self._runs.get(self._name, first)
                if record is not None and record.state in (RunState.RUNNING, RunState.SUCCEEDED):
                    return first
                other = first
            else:
                return run

    def _holder(self, scheduled_time: str) -> str | None:
        found = self._client.get_item(
            TableName=self._table,
            Key=item_key(self._partition, f"scheduled#{scheduled_time}"),
            ConsistentRead=True,
        )
        return found["Item"]["run"]["S"] if "Item" in found else None
