"""How a run is shown while it goes on: a live block on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from textwrap import wrap
from typing import Protocol, TextIO

from lakeshot.runs.records import RunRecord
from operate import figures
from operate.flow import Step
from operate.observation import MemberSeen, Observation
from operate.pace import Pace
from operate.progress import elapsed, left, rows_read, share_read, speed

BETWEEN_LINES = timedelta(seconds=10)
_BAR_WIDTH = 24
_INDENT = " " * 6
_UP_AND_CLEAR = "\x1b[{lines}A\r\x1b[J"


Paces = Mapping[str, Pace]
"""How fast each export of a run is read, by its name; those of which nothing was read yet are missing."""


class View(Protocol):
    """Something that shows a run as it goes on."""

    def show(self, observation: Observation, paces: Paces) -> None:
        """Show the run as it is now."""

    def close(self) -> None:
        """Make room for what is printed next."""


class PlainLines:
    """One line per step, and while a step lasts at most one every ten seconds; each member has its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown: dict[str, tuple[Step, datetime]] = {}

    def show(self, observation: Observation, paces: Paces) -> None:
        """Print a line, or one per member, where there is something new to tell."""
        if observation.ended:
            return
        if observation.apart:
            for member in observation.members:
                self._line(observation, f"{member.deployed.export}: ", member.step, reading(member, paces))
        else:
            self._line(observation, "", observation.step, reading_of_one(observation, paces))

    def _line(self, observation: Observation, whose: str, step: Step, details: Sequence[str]) -> None:
        shown_step, shown_at = self._shown.get(whose, (None, observation.at))
        if shown_step is step and observation.at - shown_at < BETWEEN_LINES:
            return
        self._shown[whose] = (step, observation.at)
        text = "; ".join([step, *details])
        print(f"{figures.span(elapsed(observation))}: {whose}{text}", file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing to clear: lines stay."""


class LiveBlock:
    """A block of lines that is drawn over again. ``width`` tells the terminal's columns now."""

    def __init__(self, stream: TextIO, width: Callable[[], int]) -> None:
        self._stream = stream
        self._width = width
        self._lines = 0

    def show(self, observation: Observation, paces: Paces) -> None:
        """Draw the block anew."""
        lines = block(observation, paces, self._width() - 1)
        self._clear()
        self._stream.write("".join(f"{line}\n" for line in lines))
        self._stream.flush()
        self._lines = len(lines)

    def close(self) -> None:
        """Remove the block, so that what follows stands in its place."""
        self._clear()
        self._stream.flush()
        self._lines = 0

    def _clear(self) -> None:
        if self._lines:
            self._stream.write(_UP_AND_CLEAR.format(lines=self._lines))


def block(observation: Observation, paces: Paces, width: int) -> list[str]:
    """Every step with a mark (done, now, to come), details under the present one, and the time.

    No line is wider than ``width``: details continue on the next line.
    """
    lines = []
    steps = [step for step in Step if step is not Step.NATIVE_EXPORT or _exports(observation)]
    now = steps.index(observation.step)
    for position, step in enumerate(steps):
        mark = "+" if position < now or observation.ended else ">" if position == now else "."
        lines.append(f"  {mark} {step}")
        if position == now and not observation.ended:
            for text, indent in _details(observation, paces):
                lines += wrap(text, width, initial_indent=indent, subsequent_indent=indent)
    lines.append(f"  {figures.span(elapsed(observation))}; Ctrl-C detaches, the run goes on")
    return [line[:width] for line in lines]


def _exports(observation: Observation) -> bool:
    """Whether DynamoDB exports a table in this run."""
    return observation.step is Step.NATIVE_EXPORT or any(
        member.record is not None and member.record.route == "native" for member in observation.members
    )


def _details(observation: Observation, paces: Paces) -> Iterator[tuple[str, str]]:
    """Lines under the present step, each with its indent: of a group, where each member is."""
    if not observation.apart:
        for text in reading_of_one(observation, paces, bar=True):
            yield text, _INDENT
        return
    for member in observation.members:
        yield f"{member.deployed.export}: {member.step}", _INDENT
        for text in reading(member, paces, bar=True):
            yield text, _INDENT + "  "


def reading_of_one(observation: Observation, paces: Paces, *, bar: bool = False) -> list[str]:
    """What there is to tell of the reading of a run of one export."""
    if observation.target.group is not None:
        return []
    return reading(observation.members[0], paces, bar=bar)


def reading(member: MemberSeen, paces: Paces, *, bar: bool = False) -> list[str]:
    """What there is to tell of an export's reading while it lasts: percent and rows, speed, time left."""
    record = member.record
    if member.step is not Step.READ or record is None:
        return []
    if record.progress_at is None:
        return _expectation(record)
    share = share_read(record)
    percent = f"{int(share * 100)} %, " if share is not None else ""
    drawn = f"[{'#' * int(share * _BAR_WIDTH):.<{_BAR_WIDTH}}] " if share is not None and bar else ""
    texts = [f"{drawn}{percent}{rows_read(record)}"]
    pace = paces.get(member.deployed.export)
    if pace is not None:
        remaining = left(record, pace)
        texts.append(speed(record, pace) + (f", {remaining}" if remaining else ""))
    return texts


def _expectation(record: RunRecord) -> list[str]:
    """How long a scan will take by the size of its table, while nothing is known of its pace."""
    if record.expected_seconds is None or record.rate_units_per_second is None:
        return []
    expected = figures.span(timedelta(seconds=record.expected_seconds))
    return [f"about {expected} to read at {figures.rate(record.rate_units_per_second)} read units/s"]
