"""Runs inside the job's process, before the script. Imports nothing but the standard library.

``bootstrap.py EXCEPTION_FILE SCRIPT ARGUMENT…``: ends the whole process group when the cloud that started
it goes away, and leaves what becomes ErrorMessage in EXCEPTION_FILE, in the form Glue gives it.
"""

import os
import runpy
import signal
import sys
import threading
import traceback
from pathlib import Path


def end_with_cloud() -> None:
    """Kill this process group once standard input, a pipe to the cloud, is closed."""
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Run the script as ``__main__`` with its arguments."""
    exception_file, *command = sys.argv[1:]
    threading.Thread(target=end_with_cloud, daemon=True).start()
    sys.argv = command
    sys.path[0] = str(Path(command[0]).parent)
    try:
        runpy.run_path(command[0], run_name="__main__")
    except BaseException as error:
        if not isinstance(error, SystemExit) or error.code not in (None, 0):
            Path(exception_file).write_text(error_message(error, command[0]), "utf-8")
        raise


def error_message(error: BaseException, script: str) -> str:
    """Return Glue's words for an exception: its category, the script's line and the exception itself."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"Failed Line Number: {frame.lineno}" for frame in frames if frame.filename == script]
    return "; ".join(["Error Category: UNCLASSIFIED_ERROR", *lines[-1:], f"{type(error).__name__}: {error}"])


if __name__ == "__main__":
    main()
