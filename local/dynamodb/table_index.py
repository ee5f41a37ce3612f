"""A table's items in the order a Scan meets them, each measured and encoded once.

DynamoDB scans by the hash of the partition key, and a segment is a range of hashes, so all items of one
partition key are in one segment. A stored object is measured again only when it is another object.
"""

import json
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from local.dynamodb.item_size import item_size
from local.dynamodb.partition_hash import HASHES, encoded_key, key_hash
from local.hooks import JsonObject
from local.hooks.dynamodb import StoredTable

PAGE_BYTES = 1 << 20
_SORT_EACH = 256  # up to so many new keys are inserted one by one, more are sorted in

Position: TypeAlias = tuple[int, bytes, Any]
"""Hash of the partition key, the key itself, and the sort key in its own order."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One measured item."""

    item: JsonObject
    key: JsonObject
    size_bytes: int
    encoded: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """What one Scan call reads; ``last_key`` is set when it stopped before its segment's end."""

    entries: list[Entry]
    size_bytes: int
    last_key: JsonObject | None


class TableIndex:
    """The index of one table; follows writes it is told of and notices those it is not."""

    def __init__(self, table: StoredTable) -> None:
        self._keys = table.key_names
        self._entries: dict[Position, Entry] = {}
        self._order: list[Position] = []
        self._new: list[Position] = []
        self.size_bytes = 0
        self.rebuild(table)

    def __len__(self) -> int:
        return len(self._entries)

    def rebuild(self, table: StoredTable) -> None:
        """Bring the index in line with everything stored."""
        present = set()
        for item in table.items():
            position = self._position(item)
            present.add(position)
            known = self._entries.get(position)
            if known is None or known.item is not item:
                self._put(position, item)
        for position in self._entries.keys() - present:
            self._drop(position)

    def touch(self, table: StoredTable, key: JsonObject) -> None:
        """Bring one key in line after a write; extra attributes of ``key`` are ignored."""
        key = {name: key[name] for name in self._keys}
        item = table.item(key)
        position = self._position(key)
        if item is None:
            self._drop(position)
        else:
            self._put(position, item)

    def page(
        self,
        table: StoredTable,
        *,
        segment: int = 0,
        total_segments: int = 1,
        after: JsonObject | None = None,
        limit: int | None = None,
    ) -> Page:
        """Return the next items of a segment: at most ``limit``, and 1 MB unless the first is larger."""
        page = self._page(table, segment, total_segments, after, limit)
        if table.item_count == len(self._entries):
            return page
        self.rebuild(table)  # something was written, or expired, without the index being told
        return self._page(table, segment, total_segments, after, limit)

    def _page(
        self,
        table: StoredTable,
        segment: int,
        total_segments: int,
        after: JsonObject | None,
        limit: int | None,
    ) -> Page:
        self._sort_new()
        first = -(-segment * HASHES // total_segments)
        end = -(-(segment + 1) * HASHES // total_segments)
        start = (
            bisect_right(self._order, self._position(after)) if after else bisect_left(self._order, (first,))
        )
        entries: list[Entry] = []
        size_bytes = 0
        for index in range(start, bisect_left(self._order, (end,))):
            entry = self._current(table, self._order[index])
            if entry is None:
                continue
            if entries and size_bytes + entry.size_bytes > PAGE_BYTES:
                return Page(entries, size_bytes, entries[-1].key)
            entries.append(entry)
            size_bytes += entry.size_bytes
            if len(entries) == limit or size_bytes >= PAGE_BYTES:
                return Page(entries, size_bytes, entry.key)
        return Page(entries, size_bytes, None)

    def _current(self, table: StoredTable, position: Position) -> Entry | None:
        entry = self._entries.get(position)
        if entry is None:
            return None
        item = table.item(entry.key)
        if item is None:
            self._drop(position)
            return None
        return entry if item is entry.item else self._put(position, item)

    def _put(self, position: Position, item: JsonObject) -> Entry:
        known = self._entries.get(position)
        if known is None:
            self._new.append(position)
        else:
            self.size_bytes -= known.size_bytes
        key = {name: item[name] for name in self._keys}
        encoded = json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
        entry = self._entries[position] = Entry(item, key, item_size(item), encoded)
        self.size_bytes += entry.size_bytes
        return entry

    def _drop(self, position: Position) -> None:
        gone = self._entries.pop(position, None)
        if gone is not None:
            self.size_bytes -= gone.size_bytes

    def _sort_new(self) -> None:
        # A dropped position stays in the order, so one that comes back must not be there twice.
        if len(self._new) > _SORT_EACH:
            self._order = sorted({*self._order, *self._new} & self._entries.keys())
        else:
            for position in self._new:
                place = bisect_left(self._order, position)
                if self._order[place : place + 1] != [position]:
                    insort(self._order, position)
        self._new.clear()

    def _position(self, key: JsonObject) -> Position:
        partition = key[self._keys[0]]
        text = encoded_key(partition)
        sort = _sortable(key[self._keys[1]]) if len(self._keys) > 1 else None
        return key_hash(text), text, sort


def _sortable(value: Any) -> Any:  # noqa: ANN401 - a key value in DynamoDB's JSON, and its Python order
    ((kind, content),) = value.items()
    return Decimal(content) if kind == "N" else content
