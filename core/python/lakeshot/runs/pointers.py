"""The published pointers: which snapshot each view shows, and to which one a run is moving it.

Moving is told before it is done (*announced*) and confirmed after the view was read back, for all
members of a group in one transaction. So whatever is interrupted in between is known to be unfinished
and can be put back.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from lakeshot.errors import CatalogError, LockLostError
from lakeshot.model import Model
from lakeshot.runs.keys import export_key, item_key
from lakeshot.runs.lock import Lock
from lakeshot.runs.transactions import write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, TransactWriteItemTypeDef


class Pointer(Model):
    """``snapshot`` is what the view shows; ``next`` what run ``mover`` is moving it to, if one is.

    ``attempt`` names the mover's attempt, under which it keeps what the view was before.
    """

    snapshot: str | None = None
    next: str | None = None
    mover: str | None = None
    attempt: str | None = None

    @property
    def protected(self) -> frozenset[str]:
        """Snapshots that a view may show now, so nobody may remove them."""
        return frozenset(name for name in (self.snapshot, self.next) if name is not None)


class Move(Model):
    """One view to be moved to a snapshot, under the fencing number that the run holds for the export."""

    export: str
    snapshot: str
    fence: int


class Pointers:
    """The pointers of all exports of a stage."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def of(self, export: str) -> Pointer:
        """Where an export's view stands."""
        item = self._client.get_item(TableName=self._table, Key=_key(export), ConsistentRead=True).get("Item")
        values = {name: value["S"] for name, value in (item or {}).items() if name in Pointer.model_fields}
        return Pointer.model_validate(values)

    def arrived(self, exports: Iterable[str], snapshot: str) -> bool:
        """Whether the views of all these exports show the snapshot, and nobody is moving one."""
        return all(self.of(export) == Pointer(snapshot=snapshot) for export in exports)

    def announce(self, moves: Sequence[Move], *, run: str, allow_older: bool) -> str:
        """Say that ``run`` is moving these views, all or none; the attempt's name.

        Announced again before it was settled, it is still the same attempt. Raises CatalogError if a view
        shows a newer moment and that is not allowed.
        """
        first = self.of(moves[0].export)
        attempt = first.attempt if first.mover == run and first.attempt else str(moves[0].fence)
        entries = []
        for move in moves:
            shown = self.of(move.export).snapshot
            if shown is not None and shown > move.snapshot and not allow_older:
                raise CatalogError(
                    f"export {move.export!r} already shows snapshot {shown}, which is newer than "
                    f"{move.snapshot}; the view is left as it is, because it must not go back in time by "
                    "itself. To publish the older moment all the same, say allow_older: true in the payload"
                )
            unchanged = "#snapshot = :shown" if shown else "attribute_not_exists(#snapshot)"
            entries.append(
                self._update(
                    move.export,
                    "SET #next = :next, mover = :run, attempt = :attempt",
                    unchanged,
                    {
                        ":next": move.snapshot,
                        ":run": run,
                        ":attempt": attempt,
                        **({":shown": shown} if shown else {}),
                    },
                    {"#next": "next", "#snapshot": "snapshot"},
                )
            )
        self._write(moves, run, entries)
        return attempt

    def confirm(self, moves: Sequence[Move], *, run: str) -> None:
        """Say that these views have arrived, all or none."""
        self._settle(
            moves, run, "SET #snapshot = :next REMOVE #next, mover, attempt", {"#snapshot": "snapshot"}
        )

    def withdraw(self, moves: Sequence[Move], *, run: str) -> None:
        """Say that these views are where they were before."""
        self._settle(moves, run, "REMOVE #next, mover, attempt", {})

    def _settle(self, moves: Sequence[Move], run: str, update: str, names: Mapping[str, str]) -> None:
        entries = [
            self._update(
                move.export,
                update,
                "#next = :next AND mover = :run",
                {":next": move.snapshot, ":run": run},
                {"#next": "next", **names},
            )
            for move in moves
        ]
        self._write(moves, run, entries)

    def _update(
        self,
        export: str,
        update: str,
        condition: str,
        values: Mapping[str, str],
        names: Mapping[str, str],
    ) -> "TransactWriteItemTypeDef":
        return {
            "Update": {
                "TableName": self._table,
                "Key": _key(export),
                "UpdateExpression": update,
                "ConditionExpression": condition,
                "ExpressionAttributeNames": dict(names),
                "ExpressionAttributeValues": {name: {"S": value} for name, value in values.items()},
            }
        }

    def _write(self, moves: Sequence[Move], run: str, entries: Sequence["TransactWriteItemTypeDef"]) -> None:
        locks = [Lock(self._client, table=self._table, partition=export_key(move.export)) for move in moves]
        held = [lock.condition(run=run, fence=move.fence) for lock, move in zip(locks, moves, strict=True)]
        try:
            write_together(self._client, [*held, *entries])
        except self._client.exceptions.TransactionCanceledException as error:
            for lock, move in zip(locks, moves, strict=True):
                lock.check(run=run, fence=move.fence)
            raise LockLostError(
                f"a published pointer of {', '.join(move.export for move in moves)} changed while run "
                f"{run!r} was moving it; nothing was changed by this run. Look at: make status"
            ) from error


def _key(export: str) -> "Mapping[str, AttributeValueTypeDef]":
    return item_key(export_key(export), "published")
