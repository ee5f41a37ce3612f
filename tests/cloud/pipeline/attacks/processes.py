"""The processes of a Glue job, or of a function, that a test stops or kills."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One running process."""

    pid: int
    parent: int
    command: str


def driver(job_run_id: str) -> Process:
    """The driver of a job run."""
    place = f"/{job_run_id}/"
    [found] = [one for one in _running() if "bootstrap.py" in one.command and place in one.command]
    return found


def spark_workers(job_run_id: str) -> list[Process]:
    """The Python processes in which the tasks of a job run are at work."""
    everything = _running()
    family = {driver(job_run_id).pid}
    while more := {one.pid for one in everything if one.parent in family} - family:
        family |= more
    daemons = {one.pid for one in everything if one.pid in family and "pyspark.daemon" in one.command}
    return [one for one in everything if one.parent in daemons]


def function_workers(temporary: Path, function: str) -> list[Process]:
    """The processes in which an instance with this directory for temporary files runs a function."""
    place = f"{temporary}/ministack-lambda-{function}-"
    return [one for one in _running() if place in one.command]


def kill(process: Process) -> None:
    """End a process, which can do nothing about it."""
    os.kill(process.pid, signal.SIGKILL)


def suspend(process: Process) -> None:
    """Suspend a process and its group, as a machine that stands still does."""
    os.killpg(process.pid, signal.SIGSTOP)


def is_alive(process: Process) -> bool:
    """Whether a process is still there."""
    return any((one.pid, one.command) == (process.pid, process.command) for one in _running())


def _running() -> list[Process]:
    listed = subprocess.run(
        ["/bin/ps", "-Aww", "-o", "pid=,ppid=,command="], check=True, capture_output=True, text=True
    )
    lines = (line.split(maxsplit=2) for line in listed.stdout.splitlines())
    return [Process(int(line[0]), int(line[1]), line[2]) for line in lines if len(line) > 2]
