"""How fast a run reads, and how long that will take."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakeshot.runs.records import RunRecord

WINDOW = timedelta(seconds=60)
"""Long enough to smooth over single pages, short enough to show what the source does now."""


@dataclass(frozen=True)
class Pace:
    """Rows and read units per second of the last minute, or since reading began if that is less."""

    rows_per_second: float
    units_per_second: float


@dataclass(frozen=True)
class _Mark:
    at: datetime
    rows: int
    units: float


class PaceMeter:
    """Measures pace from the run records seen one after the other."""

    def __init__(self) -> None:
        self._marks: deque[_Mark] = deque()

    def measure(self, record: RunRecord | None) -> Pace | None:
        """The pace now, or None while nothing was read yet."""
        if record is None or record.progress_at is None or record.reading_since is None:
            return None
        mark = _Mark(at=record.progress_at, rows=record.rows_done, units=record.units_consumed)
        if not self._marks:
            self._marks.append(_Mark(at=record.reading_since, rows=0, units=0.0))
        if mark.at > self._marks[-1].at:
            self._marks.append(mark)
        while len(self._marks) > 2 and self._is_spent(mark.at):  # noqa: PLR2004 - the two ends
            self._marks.popleft()
        first, last = self._marks[0], self._marks[-1]
        seconds = (last.at - first.at).total_seconds()
        if seconds <= 0:
            return None
        return Pace((last.rows - first.rows) / seconds, (last.units - first.units) / seconds)

    def _is_spent(self, now: datetime) -> bool:
        """Whether the oldest mark tells nothing of the present: it is too old, or before the first row."""
        return self._marks[0].rows == 0 or self._marks[1].at <= now - WINDOW


def time_left(record: RunRecord, pace: Pace) -> timedelta | None:
    """How long reading the rest takes at this pace; None if that cannot be told."""
    if record.rows_expected is None or pace.rows_per_second <= 0 or record.rows_done >= record.rows_expected:
        return None
    return timedelta(seconds=(record.rows_expected - record.rows_done) / pace.rows_per_second)
