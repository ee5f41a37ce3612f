"""Figures as people read them, in tables of Markdown."""

from collections.abc import Iterable, Sequence

from benchmarks.scale.constants import MICRO
from benchmarks.scale.model import MEGABYTE
from lakeshot.postgres.source import PostgresSource

MOST_MINUTES: int = PostgresSource.model_fields["max_snapshot_minutes"].default
_FEW = 10


def minutes(seconds: float) -> str:
    """Minutes for people: no more digits than mean something, and a star if no snapshot is held that long."""
    value = seconds / 60
    shown = f"{value:.1f}" if value < _FEW else f"{value:,.0f}"
    return f"{shown} *" if value > MOST_MINUTES else shown


def gigabytes(size: float) -> str:
    """In both of the units that are called so."""
    return f"{size / 1e9:,.0f} GB ({size / 1024**3:,.0f} GiB)"


def microseconds(seconds: float) -> str:
    """Seconds as microseconds."""
    return f"{seconds / MICRO:.2f} µs"


def per_second(size: float) -> str:
    """Bytes per second as MB/s."""
    return f"{size / MEGABYTE:,.0f} MB/s"


def table(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """A table with these heads."""
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
