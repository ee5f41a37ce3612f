"""How much of a table a run of kind ``changes`` exports: all of it, or what was written since a snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakeshot.columns.pins import Pins
from lakeshot.columns.types import NULL, Column
from lakeshot.config.deployed import Deployed
from lakeshot.config.payload import Payload
from lakeshot.dynamodb.recovery import Recovery
from lakeshot.dynamodb.windows import SETTLED, Window, earliest_end, first_begins, windows
from lakeshot.errors import PayloadError, SourceError
from lakeshot.names import snapshot_moment, snapshot_name

MOST_LINKS = 500
"""Snapshots of changes that one view names, so that the query that counts it can pass through the states."""
MOST_SCHEMAS = 8
"""Of changes with other columns each that one view joins; each is a scan of its own."""
MOST_QUERY_BYTES = 240_000
"""Of a view's query as it is estimated beforehand; Athena takes 262,144."""
_BYTES_PER_COLUMN = 40
"""That a column takes in a query beside its name, which stands there twice."""
_SLACK = timedelta(minutes=30)
"""By which a schedule may come early and still find the whole table due."""


@dataclass(frozen=True)
class Published:
    """What the view shows: a snapshot, whole or the last of a chain that began with a whole one.

    ``moment`` is the instant it shows, ``began`` that of the whole one. ``links`` snapshots of changes lie in
    between, with ``schemas`` different sets of columns; ``columns`` are the last one's. ``of_one_instant``
    says that it shows all rows as they were at that moment.
    """

    snapshot: str
    moment: datetime
    began: datetime
    links: int
    schemas: int
    columns: Sequence[Column]
    of_one_instant: bool = True

    @property
    def is_full(self) -> bool:
        """Whether it is whole itself."""
        return self.links == 0


@dataclass(frozen=True)
class Scope:
    """All of the table, or what was written ``since`` a snapshot; ``why`` says so in words.

    ``compared_with`` is the published snapshot that the whole table is held against.
    """

    why: str
    since: Published | None = None
    compared_with: Published | None = None

    def earliest_moment(self, started_at: datetime) -> datetime:
        """The first instant that a run which started then can show the table as of, in whole seconds."""
        started_at = started_at.replace(microsecond=0)
        if self.compared_with is not None:
            return self.compared_with.moment
        if self.since is None:
            return started_at
        return max(started_at - SETTLED, earliest_end(self.since.moment, is_full=self.since.is_full))

    def windows(self, moment: datetime) -> tuple[Window, ...]:
        """The windows from what was published up to the moment; none if all of the table is exported.

        PayloadError if the moment, which the payload names, is too early.
        """
        if self.since is None:
            return ()
        earliest = earliest_end(self.since.moment, is_full=self.since.is_full)
        if moment < earliest:
            raise PayloadError(
                f"moment {snapshot_name(moment)} is too early: the view shows snapshot "
                f"{self.since.snapshot}, and DynamoDB's incremental exports cover 15 minutes at least, so "
                f"changes can be exported up to {snapshot_name(earliest)} at the earliest. Name a later "
                "moment, or say full: true (and, for a moment before the published one, allow_older: "
                "true) to export the whole table"
            )
        return windows(self.since.moment, moment, is_full=self.since.is_full)


def choose_scope(
    payload: Payload,
    deployed: Deployed,
    published: Published | None,
    recovery: Recovery,
    *,
    started_at: datetime,
) -> Scope:
    """The scope of a run that starts then.

    PayloadError if it is to check what cannot be checked, SourceError if the table has too many columns.
    """
    if payload.mode == "check":
        return _check(payload, deployed, published, recovery)
    if payload.full:
        return Scope("the whole table: full: true")
    if published is None:
        return Scope("the whole table: nothing is published yet that changes could follow")
    moment = snapshot_moment(payload.moment) if payload.moment is not None else started_at
    if (why := _why_full(deployed, published, recovery, moment)) is not None:
        return Scope(f"the whole table: {why}")
    return Scope(f"the changes since snapshot {published.snapshot}", since=published)


def _check(payload: Payload, deployed: Deployed, published: Published | None, recovery: Recovery) -> Scope:
    """The whole table as of what is published."""
    if published is None:
        raise PayloadError(
            f"export {payload.export!r} has published nothing yet that could be checked; run it first with: "
            f"make run EXPORT={payload.export}"
        )
    why = _why_not_followed(deployed, published)
    if published.moment < recovery.earliest:
        why = f"point-in-time recovery goes back to {snapshot_name(recovery.earliest)} only"
    if why is not None:
        raise PayloadError(
            f"snapshot {published.snapshot} of export {payload.export!r} cannot be checked: {why}. Run the "
            "export, then check it"
        )
    return Scope(f"mode: check, against snapshot {published.snapshot}", compared_with=published)


def _why_not_followed(deployed: Deployed, published: Published) -> str | None:
    """Why what is published cannot be followed by changes, or compared with the whole table."""
    if not published.of_one_instant:
        return "what is published was scanned, which shows no one instant"
    if (attribute := _pinned_anew(deployed.types, published.columns)) is not None:
        return f"attribute {attribute!r} is pinned to another type than it was published with"
    return None


def _why_full(deployed: Deployed, published: Published, recovery: Recovery, moment: datetime) -> str | None:
    """Why the whole table has to be exported once more; None if the changes will do."""
    begins = first_begins(published.moment, is_full=published.is_full)
    if begins < recovery.earliest:
        return (
            f"changes are needed from {snapshot_name(begins)} on, and point-in-time recovery goes back to "
            f"{snapshot_name(recovery.earliest)} only"
        )
    days = deployed.full_every_days
    if days is not None and moment - published.began >= timedelta(days=days) - _SLACK:
        return f"the last whole one is of {snapshot_name(published.began)}, and one is due every {days} days"
    return _why_not_followed(deployed, published) or _why_too_long(deployed, published)


def _why_too_long(deployed: Deployed, published: Published) -> str | None:
    """Why the chain of changes grows no longer; SourceError if there cannot even be one link."""
    number = len(published.columns)
    if _query_bytes(published.columns, schemas=1) > MOST_QUERY_BYTES:
        raise SourceError(
            f"export {deployed.export!r} has {number:,} columns, too many for a view of a whole snapshot "
            "and its changes, whose query Athena would not take; set kind: snapshot"
        )
    if published.links >= MOST_LINKS:
        return f"{published.links:,} snapshots of changes follow the last whole one"
    if published.schemas >= MOST_SCHEMAS:
        return f"the columns have changed {published.schemas} times since the last whole one"
    if _query_bytes(published.columns, schemas=published.schemas + 1) > MOST_QUERY_BYTES:
        return f"the view's query could become too long with {number:,} columns"
    return None


def _query_bytes(columns: Sequence[Column], *, schemas: int) -> int:
    """About the length of the query over a whole snapshot and changes with so many sets of columns."""
    return (schemas + 2) * sum(2 * len(column.name) + _BYTES_PER_COLUMN for column in columns)


def _pinned_anew(pins: Pins, columns: Sequence[Column]) -> str | None:
    """An attribute whose published values would have to be converted to a type that may be narrower."""
    pinned = (column for column in columns if column.type not in (NULL, pins.get(column.source, column.type)))
    return next((column.source for column in pinned), None)
