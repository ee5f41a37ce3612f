"""A contender's process, which does what it is told by lines and answers by lines, and what its work took."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

from benchmarks.process_tree import PeakMemory, processor_seconds


@dataclass(frozen=True)
class Measured:
    """Seconds of the wall clock as the contender told them; the others are of all its processes.

    The peak is 0 where memory was not looked at.
    """

    seconds: float
    processor_seconds: float
    peak_bytes: int = 0


class ContenderProcess:
    """Lives as long as the context; it ends when it has nothing more to read."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._name = name
        self._said = TemporaryFile()  # noqa: SIM115  (closed at the end; a pipe that nobody reads would fill)
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, text=True
        )

    def tell(self, line: str = "") -> None:
        """Have it go on."""
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        """Wait for its next line; RuntimeError with the end of what it said if it ended instead."""
        assert self._process.stdout is not None  # noqa: S101
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._said.seek(0)
            errors = self._said.read()[-4_000:].decode(errors="replace")
            raise RuntimeError(f"{self._name} failed: {errors}")
        return line.strip()

    def measured(self) -> Measured:
        """Have it work, now that it is ready; it answers with seconds."""
        with self.peak() as peak:
            measured = self.timed()
        return replace(measured, peak_bytes=peak.bytes)

    def timed(self) -> Measured:
        """The same without a look at its memory."""
        before = processor_seconds(self._process.pid)
        self.tell()
        seconds = float(self.answer())
        return Measured(seconds, processor_seconds(self._process.pid) - before)

    def peak(self) -> PeakMemory:
        """The most memory that its processes take during a context."""
        return PeakMemory(self._process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.terminate()
        self._process.communicate()
        self._said.close()
