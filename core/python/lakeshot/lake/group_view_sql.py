"""The query of a group's view: which snapshot each member last published together with the others.

It reads no table. What it says changes in one step when the view is replaced, so whoever joins
snapshots of several members finds in it which ones belong together, and where.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from lakeshot.lake.sql import identifier, literal
from lakeshot.model import Model

_TYPES = {
    "export": "varchar",
    "view": "varchar",
    "snapshot_timestamp": "varchar",
    "snapshots_table": "varchar",
    "row_count": "bigint",
    "moment": "timestamp",
    "moment_from": "varchar",
}
"""The view's columns. Values are cast, because a literal's own type would be as long as its text."""


class GroupMember(Model):
    """One row: what one export of the group published.

    ``view`` and ``snapshots_table`` are names in the group's database, None if no engine reads the export's
    files; ``snapshot_timestamp`` is the partition value in that table. ``moment`` is when the snapshot shows
    its source, ``moment_from`` says in words how that was settled.
    """

    export: str
    view: str | None
    snapshot_timestamp: str
    snapshots_table: str | None
    row_count: int
    moment: datetime
    moment_from: str


def group_select(members: Sequence[GroupMember]) -> str:
    """One row a member, in their order."""
    return _select([_row(member) for member in members])


def empty_group_select() -> str:
    """The same columns without rows: the group has published nothing yet."""
    return f"{_select([['NULL'] * len(_TYPES)])} WHERE 1 = 0"


def _row(member: GroupMember) -> list[str]:
    moment = f"{member.moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{member.moment.microsecond // 1000:03}"
    return [
        literal(member.export),
        _literal(member.view),
        literal(member.snapshot_timestamp),
        _literal(member.snapshots_table),
        str(member.row_count),
        literal(moment),
        literal(member.moment_from),
    ]


def _literal(name: str | None) -> str:
    return "NULL" if name is None else literal(name)


def _select(rows: Sequence[Sequence[str]]) -> str:
    cast_rows = [
        ", ".join(f"CAST({value} AS {type_})" for value, type_ in zip(row, _TYPES.values(), strict=True))
        for row in rows
    ]
    values = ", ".join(f"({row})" for row in cast_rows)
    return f"SELECT * FROM (VALUES {values}) AS t ({', '.join(identifier(name) for name in _TYPES)})"
