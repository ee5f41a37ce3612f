"""One live run per export, or group: a lock with a fencing number, kept in the run table.

The number rises whenever the lock is taken or its holder is fenced off, and every change a run makes
is conditional on the number it was given. So a step that was taken for dead and wakes up later finds
that its number is no longer the current one and can change nothing (``LockLostError``).

Only the run itself (report) and ``close`` release a lock; nobody takes it from a holder.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lakeshot.errors import LockHeldError, LockLostError
from lakeshot.model import Model
from lakeshot.runs.keys import item_key
from lakeshot.runs.transactions import until_undisturbed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


class Holder(Model):
    """Who holds a lock. ``fence`` is the fencing number; ``closing``, whether the run is being closed."""

    run: str
    execution_arn: str
    fence: int
    acquired_at: datetime
    closing: bool = False


class Lock:
    """The lock of one export or group, which is named by its partition of the run table."""

    def __init__(self, client: "DynamoDBClient", *, table: str, partition: str) -> None:
        self._client = client
        self._table = table
        self.partition = partition
        self._key = item_key(partition, "lock")

    def holder(self) -> Holder | None:
        """Who holds the lock now, or None."""
        return _holder(self._item())

    def last_fence(self) -> int:
        """The fencing number that was given last; 0 before the first."""
        return _fence(self._item())

    def taking(
        self, *, run: str, execution_arn: str, now: datetime
    ) -> tuple[int, "TransactWriteItemTypeDef"]:
        """The fencing number and the transaction entry with which ``run`` takes the lock.

        Raises LockHeldError if another run holds it. Taken anew by its own holder, the number rises.
        The entry fails if the lock changes before the transaction.
        """
        item = self._item()
        holder = _holder(item)
        if holder is not None and holder.run != run:
            raise self.held(holder)
        last = _fence(item)
        return last + 1, {
            "Put": {
                "TableName": self._table,
                "Item": {
                    **self._key,
                    "fence": {"N": str(last + 1)},
                    "run": {"S": run},
                    "execution_arn": {"S": execution_arn},
                    "acquired_at": {"S": now.isoformat()},
                },
                "ConditionExpression": "attribute_not_exists(fence) OR fence = :last",
                "ExpressionAttributeValues": {":last": {"N": str(last)}},
            }
        }

    def fence_off(self, *, run: str) -> int | None:
        """Raise the number and mark ``run`` as being closed, so that what it still does is refused.

        Returns the number under which the closing is done, the same when asked again; None if ``run``
        does not hold the lock.
        """
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            until_undisturbed(
                lambda: self._client.update_item(
                    TableName=self._table,
                    Key=self._key,
                    UpdateExpression="SET fence = fence + :one, closing = :yes",
                    ConditionExpression="#run = :run AND attribute_not_exists(closing)",
                    ExpressionAttributeNames={"#run": "run"},
                    ExpressionAttributeValues={
                        ":run": {"S": run},
                        ":one": {"N": "1"},
                        ":yes": {"BOOL": True},
                    },
                )
            )
        holder = self.holder()
        return holder.fence if holder is not None and holder.run == run and holder.closing else None

    def check(self, *, run: str, fence: int) -> None:
        """Raise LockLostError unless ``run`` holds the lock with this fencing number."""
        holder = self.holder()
        if holder is None or (holder.run, holder.fence) != (run, fence):
            raise self.lost(run, holder)

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

    def release(self, *, run: str) -> None:
        """Give the lock up if ``run`` holds it and was fenced off.

        The number stays, so that the next one is higher.
        """
        update = self._releasing(run, "attribute_exists(closing)", {})
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            until_undisturbed(lambda: self._client.update_item(**update))

    def releasing(self, *, run: str, fence: int) -> "TransactWriteItemTypeDef":
        """The release as one entry of a transaction, for a holder with this fencing number."""
        update = self._releasing(run, "fence = :fence", {":fence": {"N": str(fence)}})
        return {"Update": update}  # type: ignore[typeddict-item]

    def _releasing(self, run: str, condition: str, values: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Key": self._key,
            "UpdateExpression": "REMOVE #run, execution_arn, acquired_at, closing",
            "ConditionExpression": f"#run = :run AND {condition}",
            "ExpressionAttributeNames": {"#run": "run"},
            "ExpressionAttributeValues": {":run": {"S": run}, **values},
        }

    def lost(self, run: str, holder: Holder | None) -> LockLostError:
        """The error for a run whose lock is now ``holder``'s."""
        if holder is None:
            now = "nobody holds it now"
        elif holder.run == run:
            now = "it was fenced off or taken up again meanwhile"
        else:
            now = f"run {holder.run!r} holds it now"
        return LockLostError(
            f"run {run!r} no longer holds the lock of {self._name} ({now}), so it stops without changing "
            "anything. Start a new run if one is still needed."
        )

    def held(self, holder: Holder) -> LockHeldError:
        """The error for a run that finds the lock taken."""
        return LockHeldError(
            f"{self._name} is being run by {holder.run!r} "
            f"since {holder.acquired_at:%Y-%m-%d %H:%M:%S} UTC "
            f"({holder.execution_arn}). Wait for it, watch it with: make watch RUN={holder.run}, "
            f"or stop it with: make stop-run RUN={holder.run}"
        )

    @property
    def _name(self) -> str:
        kind, _, name = self.partition.partition("#")
        return f"{kind} {name!r}"

    def _item(self) -> Mapping[str, Any]:
        return self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True).get(
            "Item", {}
        )


def _fence(item: Mapping[str, Any]) -> int:
    return int(item["fence"]["N"]) if "fence" in item else 0


def _holder(item: Mapping[str, Any]) -> Holder | None:
    if "run" not in item:
        return None
    return Holder(
        run=item["run"]["S"],
        execution_arn=item["execution_arn"]["S"],
        fence=int(item["fence"]["N"]),
        acquired_at=datetime.fromisoformat(item["acquired_at"]["S"]),
        closing="closing" in item,
    )
