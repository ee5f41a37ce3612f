"""Processor time and memory of a process and all that it started, as Linux tells them."""

import os
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE_SECONDS = 0.05


def processor_seconds(root: int) -> float:
    """Of the processes that live, and of those that they have waited for."""
    return sum(sum(map(int, fields[11:15])) for fields in _tree(root).values()) / _TICKS


def high_water_bytes() -> int:
    """The most that this process has ever held, as the kernel knows it (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kilobytes,) = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(kilobytes) * 1024


class PeakMemory:
    """The most that a process tree holds, sampled; memory shared by several of its processes counts once."""

    def __init__(self, root: int) -> None:
        self._root, self._end, self.bytes = root, Event(), 0
        self._thread = Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            self.bytes = max(self.bytes, sum(map(_proportional_bytes, _tree(self._root))))
            if self._end.wait(_SAMPLE_SECONDS):
                return


def _proportional_bytes(process: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _tree(root: int) -> dict[int, list[str]]:
    """The fields of ``/proc/<process>/stat`` behind the name, by process."""
    fields, children = {}, dict[int, list[int]]()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            process = int(folder.name)
            fields[process] = (folder / "stat").read_text().rpartition(") ")[2].split()
            children.setdefault(int(fields[process][1]), []).append(process)
    found, to_visit = dict[int, list[str]](), [root]
    while to_visit:
        process = to_visit.pop()
        if process in fields:
            found[process] = fields[process]
            to_visit.extend(children.get(process, []))
    return found
