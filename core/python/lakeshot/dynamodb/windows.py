"""Windows of DynamoDB's incremental exports: which ones there have to be, so that no write is in none.

An incremental export covers 15 minutes to 24 hours ("Requesting a table export", Amazon DynamoDB developer
guide). Clocks of those who take writes may differ, so each window begins before its predecessor's end. Only
the first after a full export does not: rows of that do not say when they were written.
"""

import math
from datetime import datetime, timedelta

from lakeshot.model import Model
from lakeshot.names import snapshot_name

SHORTEST, LONGEST = timedelta(minutes=15), timedelta(hours=24)
OVERLAP = timedelta(minutes=2)
"""Twice as much as clocks are said to differ. What is written is compared with it (``change_repeated``), so a
version that changes it has to begin with full exports."""
SETTLED = timedelta(minutes=2)
"""How long ago a window has to end, so that what was written before is there."""


class Window(Model):
    """The writes from ``begins`` on and before ``ends``, which are whole seconds."""

    begins: datetime
    ends: datetime

    @property
    def name(self) -> str:
        """How changes tell of the window, such as ``20261121T232605Z``, its end."""
        return snapshot_name(self.ends)

    @property
    def repeated_from(self) -> datetime:
        """What is written from here on is in the next window, too."""
        return self.ends - OVERLAP


def earliest_end(published: datetime, *, is_full: bool) -> datetime:
    """Where windows can end at the earliest that follow what was published as of that moment."""
    return first_begins(published, is_full=is_full) + SHORTEST


def windows(published: datetime, ends: datetime, *, is_full: bool) -> tuple[Window, ...]:
    """As few windows as cover everything from the published moment on, all of about the same length.

    ``is_full`` says that a full export was published as of that moment. ``ValueError`` before the
    earliest end there can be.
    """
    begins = first_begins(published, is_full=is_full)
    if ends - begins < SHORTEST:
        raise ValueError(f"windows from {begins} cannot end at {ends}; the earliest is {begins + SHORTEST}")
    new = ends - begins - OVERLAP  # what is left for windows of which each begins with an overlap
    count = math.ceil(new / (LONGEST - OVERLAP))
    step = timedelta(seconds=math.ceil(new.total_seconds() / count))
    starts = (begins + number * step for number in range(count))
    return tuple(Window(begins=start, ends=min(start + step + OVERLAP, ends)) for start in starts)


def first_begins(published: datetime, *, is_full: bool) -> datetime:
    """Where the first window begins that follows what was published as of that moment."""
    return published if is_full else published - OVERLAP
