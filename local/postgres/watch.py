"""Runs one server and ends with whoever started it: ``python -I watch.py PARENT HOME UID GID COMMAND…``.

It needs nothing but Python's own library, so that it is up in some milliseconds. It ends the server, and
removes HOME with all data in it, when standard input (a pipe to the starter) closes, when process PARENT is
no longer its parent, on SIGTERM, or when the server ends by itself. With a PARENT of 0 it goes on alone.
"""

import os
import select
import shutil
import signal
import subprocess
import sys

LOOK_SECONDS = 0.5
END_SECONDS = 10


def main() -> int:
    """Run the server; the exit code is the server's."""
    parent, home, uid, gid, *command = sys.argv[1:]
    wanted, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda _number, _frame: None)
    other = int(uid) != os.geteuid()
    server = subprocess.Popen(  # noqa: S603 - what the starter wants
        command,
        user=int(uid) if other else None,
        group=int(gid) if other else None,
        extra_groups=[] if other else None,
        stdin=subprocess.DEVNULL,
    )
    try:
        _wait(server, int(parent), wanted)
    finally:
        _end(server)
        shutil.rmtree(home, ignore_errors=True)
    return server.returncode


def _wait(server: subprocess.Popen[bytes], parent: int, wanted: int) -> None:
    """Return when the server, its starter or a signal says that it is over."""
    watched = [wanted, 0] if parent else [wanted]
    while server.poll() is None and (not parent or os.getppid() == parent):
        ready, _, _ = select.select(watched, [], [], LOOK_SECONDS)
        if 0 in ready:
            return
        if wanted in ready and set(os.read(wanted, 64)) - {signal.SIGCHLD}:
            return


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server at once: nobody needs its data any more."""
    if server.poll() is None:
        server.send_signal(signal.SIGQUIT)
        try:
            server.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
