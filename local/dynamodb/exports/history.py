"""Every state that a table's items have had since recovery was switched on.

Times are microseconds since the epoch. What holds at an instant is what was written before it, so that a full
export at an instant and an incremental one from there on share no write and miss none.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from local.hooks import JsonObject
from local.hooks.dynamodb import Place


@dataclass(frozen=True, slots=True)
class Write:
    """One write: when, where, and the item before and after it (None: there is none)."""

    written_at: int
    place: Place
    before: JsonObject | None
    after: JsonObject | None


class History:
    """The items at a start, and every write since; it holds the stored objects, which are never changed."""

    def __init__(self, items: Iterable[tuple[Place, JsonObject]]) -> None:
        self._first = dict(items)
        self._writes: list[Write] = []

    def record(
        self, written_at: int, place: Place, before: JsonObject | None, after: JsonObject | None
    ) -> None:
        """Add a write, right after the last if its time is not later; no two are at the same microsecond."""
        latest = self._writes[-1].written_at if self._writes else 0
        self._writes.append(Write(max(written_at, latest + 1), place, before, after))

    def items_at(self, instant: int) -> list[JsonObject]:
        """Return the items as all writes before ``instant`` left them."""
        items = dict(self._first)
        for write in self._writes[: self._position(instant)]:
            _apply(write, items)
        return list(items.values())

    def changes(self, since: int, until: int) -> list[Write]:
        """Return one write per item written from ``since`` on and before ``until``.

        It has the ``before`` of the first of them and the ``after`` of the last. An item that was inserted
        and deleted in between has none.
        """
        net: dict[Place, Write] = {}
        for write in self._writes[self._position(since) : self._position(until)]:
            known = net.get(write.place)
            before = write.before if known is None else known.before
            net[write.place] = Write(write.written_at, write.place, before, write.after)
        return [write for write in net.values() if write.before is not None or write.after is not None]

    def forget_before(self, instant: int) -> None:
        """Start at ``instant``: earlier states are no longer known."""
        end = self._position(instant)
        for write in self._writes[:end]:
            _apply(write, self._first)
        del self._writes[:end]

    def _position(self, instant: int) -> int:
        return bisect_left(self._writes, instant, key=attrgetter("written_at"))


def _apply(write: Write, items: dict[Place, JsonObject]) -> None:
    if write.after is None:
        items.pop(write.place, None)
    else:
        items[write.place] = write.after
