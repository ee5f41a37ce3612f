"""How far a run has come, gathered from its parts and written to the run record now and then.

By a thread of its own, so that no reader waits for the run table.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock, Thread

from botocore.exceptions import BotoCoreError, ClientError

from lakeshot.rate.budget import Progress
from lakeshot.runs.records import RunTable

log = logging.getLogger(__name__)

WRITE_SECONDS = 2.0
"""Often enough for a person who watches, rarely enough for the run table."""


class ProgressRecorder:
    """Adds up what the parts of one run report. Safe to share between threads."""

    def __init__(
        self, runs: RunTable, *, export: str, run: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._runs, self._export, self._run, self._clock = runs, export, run, clock
        self._parts: dict[int, Progress] = {}
        self._lock, self._writing = Lock(), Lock()
        self._written_at = clock()
        runs.update(export, run, reading_since=datetime.now(UTC))

    def report(self, progress: Progress) -> None:
        """Take note of a part. A part that is tried again starts again from nothing."""
        with self._lock:
            self._parts[progress.part] = progress
            due = self._clock() >= self._written_at + WRITE_SECONDS
            if due:
                self._written_at = self._clock()
        if due and not self._writing.locked():
            Thread(target=self._write_if_possible, name="progress", daemon=True).start()

    def write(self) -> None:
        """Write the sums to the run record, after what is being written."""
        with self._writing:
            with self._lock:
                parts = list(self._parts.values())
            self._runs.update(
                self._export,
                self._run,
                rows_done=sum(part.rows for part in parts),
                units_consumed=sum(part.units for part in parts),
                bytes_written=sum(part.bytes for part in parts),
                progress_at=datetime.now(UTC),
            )

    def _write_if_possible(self) -> None:
        try:
            self.write()
        except (ClientError, BotoCoreError) as error:
            log.warning("progress was not recorded: %s", error)  # the reading matters more
