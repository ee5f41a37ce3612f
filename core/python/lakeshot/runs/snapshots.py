"""Snapshots of an export, kept in the run table.

A snapshot's moment is *claimed* before anything is written, so two runs never write one snapshot. It is
*committed* when its manifest is in place and *verified* when all its checks hold. One that is *doomed*
is being removed and can never be shown again. Which one the view shows is said by the pointer
(``lakeshot.runs.pointers``).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from lakeshot.errors import LockLostError, RunGoneError
from lakeshot.model import Model
from lakeshot.names import snapshot_name
from lakeshot.runs.keys import export_key, item_key, run_key
from lakeshot.runs.lock import Lock
from lakeshot.runs.records import RunState, expiry
from lakeshot.runs.transactions import until_undisturbed, write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, TransactWriteItemTypeDef


class Snapshot(Model):
    """One snapshot as the run table knows it.

    ``manifest`` is an S3 URI and ``manifest_sha256`` the digest of its bytes, so that a manifest that
    was changed is noticed. ``generation`` numbers the catalog table that holds its partition, and is None
    as long as none does, which is for ever if no engine reads its files; snapshots with equal
    ``schema_fingerprint`` have the same columns. Rows and bytes are of its files. ``follows`` is the
    snapshot since which its files hold the changes; None if they hold every row. ``rows_shown`` is how
    many rows the view has that shows it, counted when it was verified; as many as its files where no engine
    reads them.
    """

    snapshot: str
    run: str
    state: Literal["claimed", "committed", "verified", "doomed"]
    manifest: str | None = None
    manifest_sha256: str | None = None
    generation: int | None = None
    schema_fingerprint: str | None = None
    rows: int | None = None
    bytes_written: int | None = None
    follows: str | None = None
    rows_shown: int | None = None

    @property
    def rows_in_view(self) -> int | None:
        """How many rows the view has that shows it; earlier versions had only whole snapshots."""
        return self.rows if self.rows_shown is None else self.rows_shown

    def can_be_shown_again(self, *, readable: bool) -> bool:
        """Whether an export can be rolled back to it whose files query engines read, or none does."""
        return self.state == "verified" and (self.generation is not None) == readable


class Snapshots:
    """All snapshots of one export. Changes need the export's lock, by run and fencing number."""

    def __init__(self, client: "DynamoDBClient", *, table: str, export: str) -> None:
        self._client = client
        self._table = table
        self._export = export
        self._lock = Lock(client, table=table, partition=export_key(export))

    def claim(self, *, run: str, moment: datetime) -> bool:
        """Claim a moment for a run; False if it is another's. LockLostError if the run is recorded as over.

        So a step that goes on after its run was closed claims nothing that nobody would give up.
        """
        alive: TransactWriteItemTypeDef = {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": run_key(export_key(self._export), run),
                "ConditionExpression": "attribute_not_exists(pk) OR #state = :running",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {":running": {"S": RunState.RUNNING.value}},
            }
        }
        claiming: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self._table,
                "Item": {**self._key(snapshot_name(moment)), "run": {"S": run}, "state": {"S": "claimed"}},
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }
        try:
            write_together(self._client, [alive, claiming])
        except self._client.exceptions.TransactionCanceledException as error:
            if error.response["CancellationReasons"][0]["Code"] != "None":
                raise self._lock.lost(run, self._lock.holder()) from error
            there = self.get(snapshot_name(moment))
            return there is not None and there.run == run and there.state != "doomed"
        return True

    def unclaim(self, *, run: str, moment: datetime) -> None:
        """Give a claimed moment up if it is this run's and nothing was committed for it."""
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            until_undisturbed(
                lambda: self._client.delete_item(
                    TableName=self._table,
                    Key=self._key(snapshot_name(moment)),
                    ConditionExpression="#run = :run AND #state = :claimed",
                    ExpressionAttributeNames={"#run": "run", "#state": "state"},
                    ExpressionAttributeValues={":run": {"S": run}, ":claimed": {"S": "claimed"}},
                )
            )

    def committed(self, snapshot: Snapshot, *, fence: int) -> None:
        """Record that a snapshot's files and manifest are in place."""
        follows: dict[str, Any] = {} if snapshot.follows is None else {"follows": {"S": snapshot.follows}}
        self._set(
            snapshot.snapshot,
            snapshot.run,
            fence,
            state={"S": "committed"},
            manifest={"S": str(snapshot.manifest)},
            manifest_sha256={"S": str(snapshot.manifest_sha256)},
            schema_fingerprint={"S": str(snapshot.schema_fingerprint)},
            rows={"N": str(snapshot.rows)},
            bytes_written={"N": str(snapshot.bytes_written)},
            **follows,
        )

    def placed(self, snapshot: str, generation: int, *, run: str, fence: int) -> None:
        """Record in which generation of the table the catalog shall have a snapshot."""
        self._set(snapshot, run, fence, generation={"N": str(generation)})

    def verified(self, snapshot: str, *, rows_shown: int, run: str, fence: int) -> None:
        """Record that all checks of a snapshot hold, and how many rows its view shows."""
        self._set(snapshot, run, fence, state={"S": "verified"}, rows_shown={"N": str(rows_shown)})

    def doom(self, snapshot: str, *, run: str, fence: int) -> None:
        """Record that a snapshot is about to be removed; LockLostError if a view shows it, or is moved to it.

        Said before anything is deleted, so that whoever was paused in between deletes nothing that was
        published meanwhile.
        """
        pointer: TransactWriteItemTypeDef = {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": item_key(export_key(self._export), "published"),
                "ConditionExpression": "(attribute_not_exists(#shown) OR #shown <> :it) "
                "AND (attribute_not_exists(#next) OR #next <> :it)",
                "ExpressionAttributeNames": {"#shown": "snapshot", "#next": "next"},
                "ExpressionAttributeValues": {":it": {"S": snapshot}},
            }
        }
        self._set(snapshot, run, fence, pointer, even_doomed=True, state={"S": "doomed"})

    def get(self, snapshot: str) -> Snapshot | None:
        """One snapshot, or None."""
        found = self._client.get_item(TableName=self._table, Key=self._key(snapshot), ConsistentRead=True)
        return _snapshot(found["Item"]) if "run" in found.get("Item", {}) else None

    def all(self) -> list[Snapshot]:
        """Every snapshot, in whatever state, the newest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :snapshot)",
            ExpressionAttributeValues={
                ":pk": {"S": export_key(self._export)},
                ":snapshot": {"S": "snapshot#"},
            },
            ConsistentRead=True,
            ScanIndexForward=False,
        )
        return [_snapshot(item) for page in pages for item in page["Items"] if "run" in item]

    def forget(self, snapshot: str) -> None:
        """Remove a snapshot's entry, after its files and its partition are gone.

        The moment stays taken: somebody who was paused while removing the same snapshot must find nothing
        there that a later run, or a redrive, has written since.
        """
        until_undisturbed(
            lambda: self._client.put_item(
                TableName=self._table,
                Item={**self._key(snapshot), "expires_at": {"N": str(expiry(datetime.now(UTC)))}},
            )
        )

    def _set(
        self,
        snapshot: str,
        run: str,
        fence: int,
        *conditions: "TransactWriteItemTypeDef",
        even_doomed: bool = False,
        **values: Mapping[str, str],
    ) -> None:
        """Change an entry under the lock, if further conditions hold; a doomed one only if that is said."""
        names, entry = sorted(values), {f":{name}": value for name, value in values.items()}
        condition = "attribute_exists(#run)"
        if not even_doomed:
            condition += " AND #state <> :doomed"
            entry[":doomed"] = {"S": "doomed"}
        update: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self._table,
                "Key": self._key(snapshot),
                "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in names),
                "ConditionExpression": condition,
                "ExpressionAttributeNames": {f"#{name}": name for name in {"run", "state", *names}},
                "ExpressionAttributeValues": entry,
            }
        }
        try:
            write_together(self._client, [self._lock.condition(run=run, fence=fence), *conditions, update])
        except self._client.exceptions.TransactionCanceledException as error:
            self._lock.check(run=run, fence=fence)
            there = self.get(snapshot)
            if there is None or there.state == "doomed":
                raise gone(run, snapshot) from error
            raise LockLostError(
                f"snapshot {snapshot} of export {self._export!r} was changed by somebody else while run "
                f"{run!r} worked on it; nothing was changed by this run. Start a new run"
            ) from error

    def _key(self, snapshot: str) -> "Mapping[str, AttributeValueTypeDef]":
        return item_key(export_key(self._export), f"snapshot#{snapshot}")


def claim_together(exports: Sequence[Snapshots], *, run: str, moment: datetime) -> datetime:
    """The first moment from ``moment`` on, in whole seconds, that is free in all exports; now the run's."""
    moment = moment.replace(microsecond=0)
    while not all(snapshots.claim(run=run, moment=moment) for snapshots in exports):
        for snapshots in exports:
            snapshots.unclaim(run=run, moment=moment)
        moment += timedelta(seconds=1)
    return moment


def gone(run: str, snapshot: str) -> RunGoneError:
    """The error of a step whose snapshot was removed when its run was closed."""
    return RunGoneError(
        f"snapshot {snapshot} of run {run!r} does not exist any more: when a run ends without success, its "
        "files are removed, so a redrive cannot go on from there. Start a new run"
    )


def _snapshot(item: Mapping[str, Any]) -> Snapshot:
    def number(name: str) -> int | None:
        return int(item[name]["N"]) if name in item else None

    def text(name: str) -> str | None:
        return str(item[name]["S"]) if name in item else None

    return Snapshot(
        snapshot=item["sk"]["S"].removeprefix("snapshot#"),
        run=item["run"]["S"],
        state=item["state"]["S"],
        manifest=text("manifest"),
        manifest_sha256=text("manifest_sha256"),
        generation=number("generation"),
        schema_fingerprint=text("schema_fingerprint"),
        rows=number("rows"),
        bytes_written=number("bytes_written"),
        follows=text("follows"),
        rows_shown=number("rows_shown"),
    )
