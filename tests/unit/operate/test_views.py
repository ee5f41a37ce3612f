"""A run is shown as a live block on a terminal and as few plain lines elsewhere."""

import io
from dataclasses import replace
from datetime import timedelta

from operate.flow import Step
from operate.observation import Observation
from operate.pace import Pace
from operate.views import LiveBlock, PlainLines, block
from tests.unit.operate.conftest import FakeTerminal

PACE = Pace(1_250.0, 24.0)


def test_reading_is_told_with_its_denominator_and_budget(reading: Observation) -> None:
    """Percent says of what and by whose count; units stand against what is allowed; time is estimated."""
    out = io.StringIO()
    PlainLines(out).show(reading, PACE)
    assert out.getvalue() == (
        "20 s: read; 25 %, 12,500 of about 50,000 items (DescribeTable's item count, up to 6 hours old); "
        "1,250 rows/s, 24.0 read units/s of 25.0 allowed, about 30 s left\n"
    )


def test_more_items_than_expected_have_no_percentage(reading: Observation) -> None:
    """The count was too old to tell a share by; the line says so instead."""
    assert reading.record is not None
    grown = replace(reading, record=reading.record.model_copy(update={"rows_done": 60_000}))
    out = io.StringIO()
    PlainLines(out).show(grown, PACE)
    assert out.getvalue() == (
        "20 s: read; 60,000 items, more than the 50,000 expected "
        "(DescribeTable's item count, up to 6 hours old); 1,250 rows/s, 24.0 read units/s of 25.0 allowed\n"
    )


def test_without_an_expected_count_there_is_no_percentage(reading: Observation) -> None:
    """A new table's count is zero, so only what was read is told."""
    assert reading.record is not None
    uncounted = replace(reading, record=reading.record.model_copy(update={"rows_expected": 0}))
    out = io.StringIO()
    PlainLines(out).show(uncounted, None)
    assert out.getvalue() == "20 s: read; 12,500 items\n"


def test_plain_lines_come_once_per_step_and_at_most_every_ten_seconds(reading: Observation) -> None:
    """A log of a long run stays short."""
    out = io.StringIO()
    lines = PlainLines(out)
    for seconds in range(25):
        lines.show(replace(reading, at=reading.at + timedelta(seconds=seconds)), None)
    lines.show(replace(reading, at=reading.at + timedelta(seconds=25), step=Step.VERIFY_FILES), None)
    starts = [line.split(";")[0].strip() for line in out.getvalue().splitlines()]
    assert starts == ["20 s: read", "30 s: read", "40 s: read", "45 s: verify files"]


def test_the_block_marks_what_is_done_now_and_to_come(reading: Observation) -> None:
    """Every step is in sight, with details under the present one."""
    assert block(reading, PACE, 80) == [
        "  + plan",
        "  > read",
        "      [######..................] 25 %, 12,500 of about 50,000 items",
        "      (DescribeTable's item count, up to 6 hours old)",
        "      1,250 rows/s, 24.0 read units/s of 25.0 allowed, about 30 s left",
        "  . verify files",
        "  . catalog",
        "  . verify readable",
        "  . publish",
        "  . retain",
        "  . report",
        "  20 s; Ctrl-C detaches, the run goes on",
    ]


def test_the_block_is_drawn_over_itself_within_the_width(reading: Observation) -> None:
    """Each drawing first goes up over the last one; no line is long enough to wrap."""
    terminal = FakeTerminal()
    view = LiveBlock(terminal, width=lambda: 40)
    view.show(reading, PACE)
    assert "\x1b" not in terminal.getvalue()
    assert max(len(line) for line in terminal.getvalue().splitlines()) <= 39
    drawn = len(terminal.getvalue().splitlines())
    view.show(reading, PACE)
    view.close()
    assert terminal.getvalue().count(f"\x1b[{drawn}A\r\x1b[J") == 2
    assert terminal.getvalue().endswith(f"\x1b[{drawn}A\r\x1b[J")
