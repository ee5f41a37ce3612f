"""The process that watches a server: started, waited for, ended."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from local.free_port import free_port
from local.postgres import watch
from local.postgres.account import ServerAccount
from local.postgres.data_directory import ENVIRONMENT
from local.postgres.errors import PortTakenError, PostgresStartError

READY_SECONDS = 60
STOP_SECONDS = 20
LOG_LINES = 15


def start(
    home: Path, native: Path, account: ServerAccount, log_file: Path, *, detached: bool
) -> tuple[int, int]:
    """Start the server whose data is in ``home``; return the watching process's id and the port.

    Raises PostgresStartError with the end of the log when it does not come up, and then ``home`` is gone.
    """
    port = free_port()
    begin = log_file.stat().st_size if log_file.exists() else 0
    watcher = _watcher(home, native, account, log_file, port=port, detached=detached)
    if _is_ready(home / "data", watcher):
        _watchers[watcher.pid] = watcher
        return watcher.pid, port
    _end_watcher(watcher)
    said = log_file.read_bytes()[begin:].decode(errors="replace")
    tail = "\n".join(said.splitlines()[-LOG_LINES:])
    kind = PortTakenError if "could not bind" in said else PostgresStartError
    raise kind(f"PostgreSQL did not come up; the end of {log_file}:\n{tail}")


def lives(pid: int) -> bool:
    """Whether a watching process exists."""
    if pid in _watchers:
        return _watchers[pid].poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def end(pid: int) -> None:
    """End a watching process, and with it the server, and wait until both are gone."""
    watcher = _watchers.pop(pid, None)
    if watcher is not None:
        _end_watcher(watcher)
        return
    deadline = time.monotonic() + STOP_SECONDS
    while lives(pid) and time.monotonic() < deadline:
        os.kill(pid, signal.SIGTERM)
        time.sleep(0.05)


_watchers: dict[int, subprocess.Popen[bytes]] = {}


def _watcher(
    home: Path, native: Path, account: ServerAccount, log_file: Path, *, port: int, detached: bool
) -> subprocess.Popen[bytes]:
    parent = 0 if detached else os.getpid()
    command = [sys.executable, "-I", "-S", watch.__file__]
    command += [str(parent), str(home), str(account.uid), str(account.gid)]
    command += [str(native / "bin" / "postgres"), "-D", str(home / "data"), "-p", str(port)]
    with log_file.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own program, by the running interpreter
            command,
            env=ENVIRONMENT,
            cwd=home,
            stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _is_ready(data: Path, watcher: subprocess.Popen[bytes]) -> bool:
    """Wait until the server says that it takes connections; False when it ended or took too long."""
    deadline = time.monotonic() + READY_SECONDS
    while watcher.poll() is None and time.monotonic() < deadline:
        try:
            *_, status = (data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, ValueError):
            status = ""
        if status.strip() == "ready":
            return True
        time.sleep(0.02)
    return False


def _end_watcher(watcher: subprocess.Popen[bytes]) -> None:
    if watcher.poll() is None:
        watcher.terminate()
    try:
        watcher.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        watcher.kill()
        watcher.wait()
    if watcher.stdin is not None:
        watcher.stdin.close()
