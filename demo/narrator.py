"""What the demo tells while it goes on: each step, how long it took, and where it failed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from lakeshot.errors import LakeshotError

_INDENT = " " * 10


class DemoError(LakeshotError):
    """The demo cannot go on; the message is the cause."""


class StepFailedError(LakeshotError):
    """A step of the demo failed; the message names the step, the cause and the log."""


class Narrator:
    """Tells steps with the seconds since the start, on one stream."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self.stream = stream
        self._clock = clock
        self._began = clock()

    @property
    def seconds(self) -> float:
        """How long the demo has been going on."""
        return self._clock() - self._began

    def tell(self, text: str) -> None:
        """Say something, indented below its step."""
        print(
            "\n".join(f"{_INDENT}{line}".rstrip() for line in text.splitlines()), file=self.stream, flush=True
        )

    @contextmanager
    def step(self, title: str, log: Path) -> Iterator[None]:
        """Carry out one step; whatever goes wrong in it is told with the step's name and its log."""
        print(f"[{self.seconds:5.1f} s] {title}", file=self.stream, flush=True)
        try:
            yield
        except Exception as error:
            cause = str(error) or type(error).__name__
            raise StepFailedError(
                f"This step failed, {self.seconds:.0f} s after the start: {title}\nCause: {cause}\nLog: {log}"
            ) from error
