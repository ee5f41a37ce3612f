"""Snapshots of an export and the pointer to the published one, kept in the run table.

A snapshot's moment is claimed before anything is written, so two runs never write one snapshot. It
becomes *verified* when its checks hold, and *published* when the pointer names it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from lakeshot.errors import CatalogError, LockLostError
from lakeshot.model import Model
from lakeshot.names import snapshot_name
from lakeshot.runs.lock import Lock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef, TransactWriteItemTypeDef


class Snapshot(Model):
    """One snapshot as the run table knows it. ``manifest`` is an S3 URI; rows and bytes are of its files."""

    snapshot: str
    run: str
    state: Literal["claimed", "verified"]
    manifest: str | None = None
    rows: int | None = None
    bytes_written: int | None = None


class Snapshots:
    """All snapshots of one export, and which of them the view shows."""

    def __init__(self, client: "DynamoDBClient", *, table: str, export: str) -> None:
        self._client = client
        self._table = table
        self._export = export
        self._lock = Lock(client, table=table, export=export)

    def claim(self, *, run: str, moment: datetime) -> datetime:
        """The first free moment from ``moment`` on, in whole seconds, now this run's own."""
        moment = moment.replace(microsecond=0)
        while not self._claimed(run, snapshot_name(moment)):
            moment += timedelta(seconds=1)
        return moment

    def _claimed(self, run: str, snapshot: str) -> bool:
        try:
            self._client.put_item(
                TableName=self._table,
                Item={**self._key(snapshot), "run": {"S": run}, "state": {"S": "claimed"}},
                ConditionExpression="attribute_not_exists(pk) OR #run = :run",
                ExpressionAttributeNames={"#run": "run"},
                ExpressionAttributeValues={":run": {"S": run}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def verified(self, snapshot: Snapshot, *, fence: int) -> None:
        """Record that a snapshot's checks hold; only the run that holds the lock may."""
        self._write(
            snapshot.run,
            fence,
            {
                "Put": {
                    "TableName": self._table,
                    "Item": {
                        **self._key(snapshot.snapshot),
                        "run": {"S": snapshot.run},
                        "state": {"S": "verified"},
                        "manifest": {"S": str(snapshot.manifest)},
                        "rows": {"N": str(snapshot.rows)},
                        "bytes_written": {"N": str(snapshot.bytes_written)},
                    },
                }
            },
        )

    def publish(self, snapshot: str, *, run: str, fence: int) -> str | None:
        """Point to a verified snapshot; returns the one it pointed to before, if any.

        Raises CatalogError if a newer moment is published already. Repeating it changes nothing.
        """
        current = self.published()
        if current == snapshot:
            return self._pointer().get("previous")
        if current is not None and current > snapshot:
            raise CatalogError(
                f"export {self._export!r} already shows snapshot {current}, which is newer than {snapshot}; "
                "the view is left as it is, because it must not go back in time by itself"
            )
        self._point(snapshot, previous=current, expected=current, run=run, fence=fence)
        return current

    def unpublish(self, snapshot: str, *, run: str, fence: int) -> str | None:
        """Take back a publication that could not be finished; returns the snapshot shown again, if any."""
        pointer = self._pointer()
        if pointer.get("snapshot") != snapshot:
            return pointer.get("snapshot")
        previous = pointer.get("previous")
        if previous is None:
            self._write(run, fence, {"Delete": {"TableName": self._table, "Key": self._pointer_key()}})
        else:
            self._point(previous, previous=None, expected=snapshot, run=run, fence=fence)
        return previous

    def before(self, snapshot: str) -> str | None:
        """What was published before a snapshot that is published now; else what is published."""
        pointer = self._pointer()
        return pointer.get("previous" if pointer.get("snapshot") == snapshot else "snapshot")

    def published(self) -> str | None:
        """The snapshot that the view shows, or None."""
        return self._pointer().get("snapshot")

    def all(self) -> list[Snapshot]:
        """Every snapshot, claimed or verified, the newest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :snapshot)",
            ExpressionAttributeValues={
                ":pk": {"S": f"export#{self._export}"},
                ":snapshot": {"S": "snapshot#"},
            },
            ConsistentRead=True,
            ScanIndexForward=False,
        )
        return [_snapshot(item) for page in pages for item in page["Items"]]

    def forget(self, snapshot: str) -> None:
        """Remove a snapshot's entry, after its files and its partition are gone."""
        self._client.delete_item(TableName=self._table, Key=self._key(snapshot))

    def _point(
        self, snapshot: str, *, previous: str | None, expected: str | None, run: str, fence: int
    ) -> None:
        item = {**self._pointer_key(), "snapshot": {"S": snapshot}}
        if previous is not None:
            item["previous"] = {"S": previous}
        put: PutTypeDef = {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if expected is not None:
            put["ConditionExpression"] = "#snapshot = :expected"
            put["ExpressionAttributeNames"] = {"#snapshot": "snapshot"}
            put["ExpressionAttributeValues"] = {":expected": {"S": expected}}
        self._write(run, fence, {"Put": put})

    def _write(self, run: str, fence: int, change: "TransactWriteItemTypeDef") -> None:
        try:
            self._client.transact_write_items(
                TransactItems=[self._lock.condition(run=run, fence=fence), change]
            )
        except self._client.exceptions.TransactionCanceledException as error:
            self._lock.check(run=run, fence=fence)
            raise LockLostError(
                f"the published pointer of export {self._export!r} changed while run {run!r} was moving it; "
                "nothing was changed by this run. Look at: make status"
            ) from error

    def _pointer(self) -> Mapping[str, str]:
        answer = self._client.get_item(TableName=self._table, Key=self._pointer_key(), ConsistentRead=True)
        return {name: value["S"] for name, value in answer.get("Item", {}).items()}

    def _pointer_key(self) -> dict[str, Any]:
        return {"pk": {"S": f"export#{self._export}"}, "sk": {"S": "published"}}

    def _key(self, snapshot: str) -> dict[str, Any]:
        return {"pk": {"S": f"export#{self._export}"}, "sk": {"S": f"snapshot#{snapshot}"}}


def _snapshot(item: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        snapshot=item["sk"]["S"].removeprefix("snapshot#"),
        run=item["run"]["S"],
        state=item["state"]["S"],
        manifest=item["manifest"]["S"] if "manifest" in item else None,
        rows=int(item["rows"]["N"]) if "rows" in item else None,
        bytes_written=int(item["bytes_written"]["N"]) if "bytes_written" in item else None,
    )
