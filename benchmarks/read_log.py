"""What the embedded cloud's metering noted of the reads of a table, seen through windows of ten seconds."""

from bisect import bisect_left
from itertools import accumulate
from pathlib import Path
from typing import Self

from pydantic import BaseModel

WINDOW_SECONDS = 10.0
STEP_SECONDS = 0.25


class Read(BaseModel):
    """One line of the log: the units one request consumed, at seconds since the epoch."""

    time: float
    units: float
    items: int
    throttled: bool


class ReadLog:
    """All reads of one scan, in order of time."""

    def __init__(self, reads: list[Read]) -> None:
        self.reads = sorted(reads, key=lambda read: read.time)
        self._times = [read.time for read in self.reads]
        self._units = [0.0, *accumulate(read.units for read in self.reads)]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file that ``LAKESHOT_READ_LOG`` names."""
        return cls([Read.model_validate_json(line) for line in path.read_text().splitlines()])

    @property
    def throttled(self) -> int:
        """Requests that were refused."""
        return sum(read.throttled for read in self.reads)

    @property
    def seconds(self) -> float:
        """From the first read to the last."""
        return self._times[-1] - self._times[0]

    def fullest_window(self) -> float:
        """The most units that any ten seconds hold; the fullest begins with a read."""
        return max(self._units_from(time) for time in self._times)

    def emptiest_window(self, share: float) -> float:
        """The fewest units that ten seconds hold before this share of all items was read."""
        end = self._time_of_share(share)
        steps = int((end - WINDOW_SECONDS - self._times[0]) / STEP_SECONDS)
        return min(self._units_from(self._times[0] + step * STEP_SECONDS) for step in range(steps + 1))

    def _units_from(self, start: float) -> float:
        first, last = (bisect_left(self._times, time) for time in (start, start + WINDOW_SECONDS))
        return self._units[last] - self._units[first]

    def _time_of_share(self, share: float) -> float:
        items = list(accumulate(read.items for read in self.reads))
        return self._times[bisect_left(items, share * items[-1])]
