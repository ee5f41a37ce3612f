"""A run's progress in words."""

from datetime import timedelta

from lakeshot.runs.records import OF_DATABASES, RunRecord
from operate import figures
from operate.observation import Observation
from operate.pace import Pace, time_left


def share_read(record: RunRecord) -> float | None:
    """Share of the expected rows that was read; None if no number is expected, or it was too low."""
    if not record.rows_expected or record.rows_done > record.rows_expected:
        return None
    return record.rows_done / record.rows_expected


def rows_read(record: RunRecord) -> str:
    """How many items or rows were read, out of how many by whose count."""
    noun = "rows" if record.route in OF_DATABASES else "items"
    if record.rows is not None:
        return f"{figures.count(record.rows)} {noun} read"
    done = figures.count(record.rows_done)
    if not record.rows_expected:
        return f"{done} {noun}"
    by = f" ({record.expected_from})" if record.expected_from else ""
    if record.rows_done > record.rows_expected:
        return f"{done} {noun}, more than the {figures.count(record.rows_expected)} expected{by}"
    return f"{done} of about {figures.count(record.rows_expected)} {noun}{by}"


def speed(record: RunRecord, pace: Pace) -> str:
    """Rows and read units per second, the latter against their budget; only a scan takes any."""
    rows = f"{figures.count(pace.rows_per_second)} rows/s"
    if record.route in ("native", *OF_DATABASES):
        return rows
    units = f"{figures.rate(pace.units_per_second)} read units/s"
    if record.rate_units_per_second is not None:
        units += f" of {figures.rate(record.rate_units_per_second)} allowed"
    return f"{rows}, {units}"


def left(record: RunRecord, pace: Pace) -> str | None:
    """Time left to read, or None if that cannot be told."""
    remaining = time_left(record, pace)
    return f"about {figures.span(remaining)} left" if remaining is not None else None


def elapsed(observation: Observation) -> timedelta:
    """How long the run takes so far, or took."""
    return (observation.ended_at or observation.at) - observation.started_at
