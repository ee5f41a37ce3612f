"""A run is shown as a live block on a terminal and as few plain lines elsewhere."""

import io
from dataclasses import replace
from datetime import timedelta

from operate.flow import Step
from operate.observation import Observation
from operate.pace import Pace
from operate.views import LiveBlock, PlainLines, block
from tests.unit.operate.conftest import FakeTerminal

PACES = {"reviews": Pace(1_250.0, 24.0)}


def recorded(reading: Observation, **changes: object) -> Observation:
    """The same look at a run whose record says something else."""
    [member] = reading.members
    assert member.record is not None
    return replace(reading, members=(replace(member, record=member.record.model_copy(update=changes)),))


def test_reading_is_told_with_its_denominator_and_budget(reading: Observation) -> None:
    """Percent says of what and by whose count; units stand against what is allowed; time is estimated."""
    out = io.StringIO()
    PlainLines(out).show(reading, PACES)
    assert out.getvalue() == (
        "20 s: read; 25 %, 12,500 of about 50,000 items (DescribeTable's item count, up to 6 hours old); "
        "1,250 rows/s, 24.0 read units/s of 25.0 allowed, about 30 s left\n"
    )


def test_a_scan_tells_how_long_it_will_take_before_anything_is_read(reading: Observation) -> None:
    """From the table's size and the rate that the run was given."""
    waiting = recorded(reading, progress_at=None, expected_seconds=7_500.0)
    out = io.StringIO()
    PlainLines(out).show(waiting, {})
    assert out.getvalue() == "20 s: read; about 2 h 05 min to read at 25.0 read units/s\n"


def test_a_native_export_is_a_step_of_its_own_where_there_is_one(reading: Observation) -> None:
    """A scan has no such step to be waited for."""
    assert "native export" not in "".join(block(reading, PACES, 80))
    converting = recorded(reading, route="native")
    assert block(converting, {}, 80)[:3] == ["  + plan", "  + native export", "  > read"]


def test_a_conversion_has_no_read_units_to_tell(reading: Observation) -> None:
    """Only how fast rows come."""
    converting = recorded(reading, route="native", rate_units_per_second=None)
    out = io.StringIO()
    PlainLines(out).show(converting, PACES)
    assert out.getvalue().endswith("; 1,250 rows/s, about 30 s left\n")


def test_more_items_than_expected_have_no_percentage(reading: Observation) -> None:
    """The count was too old to tell a share by; the line says so instead."""
    grown = recorded(reading, rows_done=60_000)
    out = io.StringIO()
    PlainLines(out).show(grown, PACES)
    assert out.getvalue() == (
        "20 s: read; 60,000 items, more than the 50,000 expected "
        "(DescribeTable's item count, up to 6 hours old); 1,250 rows/s, 24.0 read units/s of 25.0 allowed\n"
    )


def test_without_an_expected_count_there_is_no_percentage(reading: Observation) -> None:
    """A new table's count is zero, so only what was read is told."""
    uncounted = recorded(reading, rows_expected=0)
    out = io.StringIO()
    PlainLines(out).show(uncounted, {})
    assert out.getvalue() == "20 s: read; 12,500 items\n"


def test_plain_lines_come_once_per_step_and_at_most_every_ten_seconds(reading: Observation) -> None:
    """A log of a long run stays short."""
    out = io.StringIO()
    lines = PlainLines(out)
    for seconds in range(25):
        lines.show(replace(reading, at=reading.at + timedelta(seconds=seconds)), {})
    lines.show(replace(reading, at=reading.at + timedelta(seconds=25), step=Step.VERIFY_FILES), {})
    starts = [line.split(";")[0].strip() for line in out.getvalue().splitlines()]
    assert starts == ["20 s: read", "30 s: read", "40 s: read", "45 s: verify files"]


def test_the_block_marks_what_is_done_now_and_to_come(reading: Observation) -> None:
    """Every step is in sight, with details under the present one."""
    assert block(reading, PACES, 80) == [
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
    view.show(reading, PACES)
    assert "\x1b" not in terminal.getvalue()
    assert max(len(line) for line in terminal.getvalue().splitlines()) <= 39
    drawn = len(terminal.getvalue().splitlines())
    view.show(reading, PACES)
    view.close()
    assert terminal.getvalue().count(f"\x1b[{drawn}A\r\x1b[J") == 2
    assert terminal.getvalue().endswith(f"\x1b[{drawn}A\r\x1b[J")


def test_members_of_a_group_are_told_apart(together: Observation) -> None:
    """Each member has a line of its own, when it comes to a step and every ten seconds."""
    out = io.StringIO()
    lines = PlainLines(out)
    for seconds in range(12):
        lines.show(replace(together, at=together.at + timedelta(seconds=seconds)), PACES)
    told = [line.split(";")[0] for line in out.getvalue().splitlines()]
    assert told == [
        "20 s: reviews: read",
        "20 s: orders: verify files",
        "30 s: reviews: read",
        "30 s: orders: verify files",
    ]


def test_what_a_group_does_at_once_is_told_once(together: Observation) -> None:
    """Planning and publishing are the group's own steps."""
    out = io.StringIO()
    PlainLines(out).show(replace(together, step=Step.PUBLISH), {})
    assert out.getvalue() == "20 s: publish\n"
    assert block(replace(together, step=Step.PUBLISH), {}, 80)[5:7] == ["  > publish", "  . retain"]


def test_the_block_shows_where_every_member_is(together: Observation) -> None:
    """Under the step that the slowest has come to, each member with its progress."""
    assert block(together, PACES, 80)[:7] == [
        "  + plan",
        "  > read",
        "      reviews: read",
        "        [######..................] 25 %, 12,500 of about 50,000 items",
        "        (DescribeTable's item count, up to 6 hours old)",
        "        1,250 rows/s, 24.0 read units/s of 25.0 allowed, about 30 s left",
        "      orders: verify files",
    ]
