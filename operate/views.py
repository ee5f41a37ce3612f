"""How a run is shown while it goes on: a live block on a terminal, plain lines elsewhere."""

from collections.abc import Callable
from datetime import datetime, timedelta
from textwrap import wrap
from typing import Protocol, TextIO

from operate import figures
from operate.flow import Step
from operate.observation import Observation
from operate.pace import Pace
from operate.progress import elapsed, left, rows_read, share_read, speed

BETWEEN_LINES = timedelta(seconds=10)
_BAR_WIDTH = 24
_INDENT = " " * 6
_UP_AND_CLEAR = "\x1b[{lines}A\r\x1b[J"


class View(Protocol):
    """Something that shows a run as it goes on."""

    def show(self, observation: Observation, pace: Pace | None) -> None:
        """Show the run as it is now."""

    def close(self) -> None:
        """Make room for what is printed next."""


class PlainLines:
    """One line per step, and while a step lasts at most one every ten seconds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._step: Step | None = None
        self._shown_at: datetime | None = None

    def show(self, observation: Observation, pace: Pace | None) -> None:
        """Print a line if there is something new to tell."""
        due = self._shown_at is None or observation.at - self._shown_at >= BETWEEN_LINES
        if observation.ended or (observation.step is self._step and not due):
            return
        self._step, self._shown_at = observation.step, observation.at
        text = "; ".join([observation.step, *reading(observation, pace)])
        print(f"{figures.span(elapsed(observation))}: {text}", file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing to clear: lines stay."""


class LiveBlock:
    """A block of lines that is drawn over again. ``width`` tells the terminal's columns now."""

    def __init__(self, stream: TextIO, width: Callable[[], int]) -> None:
        self._stream = stream
        self._width = width
        self._lines = 0

    def show(self, observation: Observation, pace: Pace | None) -> None:
        """Draw the block anew."""
        lines = block(observation, pace, self._width() - 1)
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


def block(observation: Observation, pace: Pace | None, width: int) -> list[str]:
    """Every step with a mark (done, now, to come), details under the present one, and the time.

    No line is wider than ``width``: details continue on the next line.
    """
    lines = []
    steps = list(Step)
    now = steps.index(observation.step)
    for position, step in enumerate(steps):
        mark = "+" if position < now or observation.ended else ">" if position == now else "."
        lines.append(f"  {mark} {step}")
        if position == now and not observation.ended:
            for text in reading(observation, pace, bar=True):
                lines += wrap(text, width, initial_indent=_INDENT, subsequent_indent=_INDENT)
    lines.append(f"  {figures.span(elapsed(observation))}; Ctrl-C detaches, the run goes on")
    return [line[:width] for line in lines]


def reading(observation: Observation, pace: Pace | None, *, bar: bool = False) -> list[str]:
    """What there is to tell of the reading while it lasts: percent and rows, speed, time left."""
    record = observation.record
    if observation.step is not Step.READ or record is None or record.progress_at is None:
        return []
    share = share_read(record)
    percent = f"{int(share * 100)} %, " if share is not None else ""
    drawn = f"[{'#' * int(share * _BAR_WIDTH):.<{_BAR_WIDTH}}] " if share is not None and bar else ""
    texts = [f"{drawn}{percent}{rows_read(record)}"]
    if pace is not None:
        remaining = left(record, pace)
        texts.append(speed(record, pace) + (f", {remaining}" if remaining else ""))
    return texts
