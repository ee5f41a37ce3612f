"""Pace is what was read lately, not a guess from one look."""

from datetime import timedelta

from lakeshot.runs.records import RunRecord
from operate.observation import Observation
from operate.pace import Pace, PaceMeter, time_left
from tests.unit.conftest import NOON


def record(reading: Observation, **changes: object) -> RunRecord:
    assert reading.record is not None
    return reading.record.model_copy(update=changes)


def test_the_first_look_measures_from_the_start_of_reading(reading: Observation) -> None:
    """12,500 rows and 240 units in ten seconds are 1,250 rows/s and 24 units/s."""
    assert PaceMeter().measure(record(reading)) == Pace(1_250.0, 24.0)


def test_a_slower_minute_is_shown_as_slower(reading: Observation) -> None:
    """After a quick start, the pace is that of the last minute only."""
    meter = PaceMeter()
    meter.measure(record(reading))
    pace = None
    for second in range(30, 131, 10):
        rows = 12_500 + (second - 20) * 100
        pace = meter.measure(record(reading, progress_at=NOON + timedelta(seconds=second), rows_done=rows))
    assert pace == Pace(100.0, 0.0)


def test_there_is_no_pace_before_anything_was_read(reading: Observation) -> None:
    """Without a record, or before the job reports, nothing is claimed."""
    assert PaceMeter().measure(None) is None
    assert PaceMeter().measure(record(reading, progress_at=None)) is None
    assert PaceMeter().measure(record(reading, progress_at=NOON, reading_since=NOON)) is None


def test_time_left_is_told_only_while_it_can_be_known(reading: Observation) -> None:
    """37,500 rows at 1,250/s take 30 s; past the expected count nothing is promised."""
    pace = Pace(1_250.0, 24.0)
    assert time_left(record(reading), pace) == timedelta(seconds=30)
    assert time_left(record(reading, rows_done=60_000), pace) is None
    assert time_left(record(reading, rows_expected=None), pace) is None
    assert time_left(record(reading), Pace(0.0, 0.0)) is None
