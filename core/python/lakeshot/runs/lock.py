"""One live run per export: a lock with a fencing number, kept in the run table.

The number rises with every acquisition, so a run that was taken for dead and wakes up later finds
that its number is no longer the current one and can change nothing (``LockLostError``).
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lakeshot.errors import LockHeldError, LockLostError
from lakeshot.model import Model

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_SORT_KEY = "lock"


class Holder(Model):
    """Who holds an export's lock. ``fence`` is the fencing number it was given."""

    run: str
    execution_arn: str
    fence: int
    acquired_at: datetime


class Lock:
    """The lock of one export."""

    def __init__(self, client: "DynamoDBClient", *, table: str, export: str) -> None:
        self._client = client
        self._table = table
        self._export = export
        self._key = {"pk": {"S": f"export#{export}"}, "sk": {"S": _SORT_KEY}}

    def holder(self) -> Holder | None:
        """Who holds the lock now, or None."""
        item = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True).get(
            "Item", {}
        )
        return _holder(item)

    def acquire(
        self, *, run: str, execution_arn: str, now: datetime, is_dead: Callable[[Holder], bool]
    ) -> int:
        """Take the lock and return its fencing number; a run that holds it already keeps its number.

        A lock held by another run is taken over only if ``is_dead`` says that run can do nothing any
        more; otherwise LockHeldError names it.
        """
        item = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True).get(
            "Item", {}
        )
        holder = _holder(item)
        if holder is not None and holder.run == run:
            return holder.fence
        if holder is not None and not is_dead(holder):
            raise self._held(holder)
        last = int(item["fence"]["N"]) if "fence" in item else 0
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **self._key,
                    "fence": {"N": str(last + 1)},
                    "run": {"S": run},
                    "execution_arn": {"S": execution_arn},
                    "acquired_at": {"S": now.isoformat()},
                },
                ConditionExpression="attribute_not_exists(fence) OR fence = :last",
                ExpressionAttributeValues={":last": {"N": str(last)}},
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            winner = self.holder()
            if winner is None:
                return self.acquire(run=run, execution_arn=execution_arn, now=now, is_dead=is_dead)
            if winner.run == run:  # our own put succeeded, only its answer was lost
                return winner.fence
            raise self._held(winner) from error
        return last + 1

    def fence_off(self, *, run: str) -> None:
        """Raise the number while ``run`` keeps the lock, so that what it still does is refused.

        Does nothing if another run, or none, holds the lock.
        """
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.update_item(
                TableName=self._table,
                Key=self._key,
                UpdateExpression="SET fence = fence + :one",
                ConditionExpression="#run = :run",
                ExpressionAttributeNames={"#run": "run"},
                ExpressionAttributeValues={":run": {"S": run}, ":one": {"N": "1"}},
            )

    def check(self, *, run: str, fence: int) -> None:
        """Raise LockLostError unless ``run`` holds the lock with this fencing number."""
        holder = self.holder()
        if holder is None or (holder.run, holder.fence) != (run, fence):
            raise self.lost(run, fence, holder)

    def condition(self, *, run: str, fence: int) -> "TransactWriteItemTypeDef":
        """The same check as one entry of a DynamoDB transaction."""
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": self._key,
                "ConditionExpression": "#run = :run AND fence = :fence",
                "ExpressionAttributeNames": {"#run": "run"},
                "ExpressionAttributeValues": {":run": {"S": run}, ":fence": {"N": str(fence)}},
            }
        }

    def release(self, *, run: str) -> bool:
        """Give the lock up if ``run`` holds it; True if it did. The fencing number stays."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=self._key,
                UpdateExpression="REMOVE #run, execution_arn, acquired_at",
                ConditionExpression="#run = :run",
                ExpressionAttributeNames={"#run": "run"},
                ExpressionAttributeValues={":run": {"S": run}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def lost(self, run: str, fence: int, holder: Holder | None) -> LockLostError:
        """The error for a run whose lock is now ``holder``'s."""
        now = f"run {holder.run!r} holds it as number {holder.fence}" if holder else "nobody holds it"
        return LockLostError(
            f"run {run!r} no longer holds the lock of export {self._export!r} "
            f"(its number was {fence}; {now}), so it stops without changing anything. "
            "Start a new run if this export still needs one."
        )

    def _held(self, holder: Holder) -> LockHeldError:
        return LockHeldError(
            f"export {self._export!r} is being run by {holder.run!r} "
            f"since {holder.acquired_at:%Y-%m-%d %H:%M:%S} UTC "
            f"({holder.execution_arn}). Wait for it, watch it with: make watch RUN={holder.run}, "
            f"or stop it with: make stop-run RUN={holder.run}"
        )


def _holder(item: Mapping[str, Any]) -> Holder | None:
    if "run" not in item:
        return None
    return Holder(
        run=item["run"]["S"],
        execution_arn=item["execution_arn"]["S"],
        fence=int(item["fence"]["N"]),
        acquired_at=datetime.fromisoformat(item["acquired_at"]["S"]),
    )
