"""The meter of every table: its index, its bucket, its statistics, and the log of what was read."""

import json
import os
import time
from dataclasses import dataclass

from local.dynamodb.settings import burst_seconds, read_log_path, statistics_seconds
from local.dynamodb.table_index import TableIndex
from local.dynamodb.token_bucket import TokenBucket
from local.hooks import JsonObject
from local.hooks.dynamodb import StoredTable


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts as DescribeTable tells them, and when they were taken."""

    item_count: int
    size_bytes: int
    taken_at: float


class TableMeter:
    """What is metered of one table."""

    def __init__(self, table: StoredTable) -> None:
        self.table = table
        self.index = TableIndex(table)
        self._bucket: TokenBucket | None = None
        self._statistics: Statistics | None = None

    def admits(self, table: StoredTable) -> bool:
        """Whether the table has read units left; a read that it refuses is noted in the log."""
        bucket = self._current_bucket(table)
        if bucket is None or bucket.admits():
            return True
        log_read(table.name, 0.0, 0, throttled=True)
        return False

    def charge(self, table: StoredTable, units: float, items: int) -> None:
        """Take the units that reading so many items cost, and note both in the log."""
        bucket = self._current_bucket(table)
        if bucket is not None:
            bucket.take(units)
        log_read(table.name, units, items)

    def statistics(self, table: StoredTable) -> Statistics:
        """Return counts no older than the table's setting allows."""
        now = time.monotonic()
        known = self._statistics
        if known is None or now - known.taken_at >= statistics_seconds(table):
            if len(self.index) != table.item_count:
                self.index.rebuild(table)
            known = self._statistics = Statistics(len(self.index), self.index.size_bytes, now)
        return known

    def _current_bucket(self, table: StoredTable) -> TokenBucket | None:
        units = table.read_units_per_second
        if units is None:
            self._bucket = None
        else:
            burst = burst_seconds(table)
            bucket = self._bucket
            if bucket is None or (bucket.units_per_second, bucket.burst_seconds) != (units, burst):
                self._bucket = TokenBucket(units, burst, time.monotonic)
        return self._bucket


def log_read(table: str, units: float, items: int, *, throttled: bool = False) -> None:
    """Append one read to the log as a JSON object of its own line; time is seconds since the epoch."""
    path = read_log_path()
    if path is None:
        return
    line: JsonObject = {
        "time": time.time(),
        "table": table,
        "units": units,
        "items": items,
        "throttled": throttled,
    }
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, json.dumps(line).encode() + b"\n")
    finally:
        os.close(handle)
