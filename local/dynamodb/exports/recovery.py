"""Point-in-time recovery of every table: since when, for how long, and the history it keeps."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from local.dynamodb.exports.history import History
from local.dynamodb.settings import minute_seconds, written_seconds_ago
from local.hooks import JsonObject
from local.hooks.dynamodb import StoredTable
from local.hooks.item_changes import ItemChange, items_lock

LONGEST_DAYS = 35
LATEST_MINUTES = 5
SECOND = 1_000_000
DAY = 86_400 * SECOND


def now_micros() -> int:
    """Return the time in microseconds since the epoch."""
    return time.time_ns() // 1000


@dataclass(slots=True)
class Recovery:
    """Recovery of one table; ``enabled_at`` and all other times are in microseconds since the epoch."""

    table: StoredTable
    enabled_at: int
    period_days: int
    history: History

    @property
    def created_at(self) -> int:
        """When its table was made: no later than recovery was switched on, which a test may date back."""
        return min(self.table.created_at * SECOND, self.enabled_at)

    def earliest(self, now: int) -> int:
        """Return the first instant that can be gone back to."""
        return max(self.enabled_at, now - self.period_days * DAY)

    def latest(self, now: int) -> int:
        """Return the last instant that AWS says can be restored; an export may be of a later one."""
        return max(self.earliest(now), now - int(LATEST_MINUTES * minute_seconds(self.table) * SECOND))


class Recoveries:
    """The tables with recovery; the others have none, whatever was written to them."""

    def __init__(self, clock: Callable[[], int] = now_micros) -> None:
        self._clock = clock
        self._by_arn: dict[str, Recovery] = {}

    def of(self, table: StoredTable) -> Recovery | None:
        """Return the table's recovery, or None when it is off."""
        known = self._by_arn.get(table.arn)
        return known if known is not None and known.table.is_same(table) else None

    def switch(self, table: StoredTable, *, enabled: bool, period_days: int = LONGEST_DAYS) -> None:
        """Switch recovery on or off; on while on changes the period only, off forgets the history."""
        with items_lock:
            known = self.of(table)
            if not enabled:
                self._by_arn.pop(table.arn, None)
            elif known is not None:
                known.period_days = period_days
            else:
                # AWS tells the second it was switched on in as the earliest, and takes it for an export.
                since = self._written_at(table) // SECOND * SECOND
                history = History(table.placed_items())
                self._by_arn[table.arn] = Recovery(table, since, period_days, history)

    def record(self, change: ItemChange) -> None:
        """Take a write into the history of its table, if it has one; it is after all that is there."""
        known = self.of(change.table)
        if known is None:
            return
        written_at = max(self._written_at(change.table), known.enabled_at)
        known.history.record(written_at, change.place, change.before, change.after)

    def forget_expired(self, recovery: Recovery) -> None:
        """Let go of what lies before the recovery period."""
        with items_lock:
            recovery.history.forget_before(recovery.earliest(self._clock()))

    def description(self, table: StoredTable) -> JsonObject:
        """Describe a table's continuous backups as the API does."""
        known = self.of(table)
        recovery: JsonObject = {"PointInTimeRecoveryStatus": "DISABLED"}
        if known is not None:
            now = self._clock()
            recovery = {
                "PointInTimeRecoveryStatus": "ENABLED",
                "RecoveryPeriodInDays": known.period_days,
                "EarliestRestorableDateTime": known.earliest(now) // SECOND,
                "LatestRestorableDateTime": known.latest(now) // SECOND,
            }
        return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}

    def _written_at(self, table: StoredTable) -> int:
        return self._clock() - round(written_seconds_ago(table) * SECOND)
