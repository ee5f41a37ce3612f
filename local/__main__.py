"""Command line of the embedded cloud: ``python -m local start|serve|status|environment|stop DIRECTORY``."""

import argparse
import os
import shlex
import sys
from pathlib import Path

from local.instance import CloudStartError, Instance, serve_command
from local.settings import REPOSITORY, Settings

DEFAULT_PORT = 4566


def main() -> int:
    """Run one command; the exit code is 1 when there is no running cloud to act on, or none could start."""
    parser = argparse.ArgumentParser(prog="python -m local", description="The embedded cloud")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, purpose in (
        ("start", "start it in the background and wait until it is ready"),
        ("serve", "run it in the foreground"),
        ("status", "say whether it runs and where"),
        ("environment", "print shell lines that point the AWS CLI, boto3 and CDK at it"),
        ("stop", "end it and everything it started"),
    ):
        command = commands.add_parser(name, help=purpose)
        command.add_argument("directory", type=Path, nargs="?", default=REPOSITORY / ".local")
        if name in {"start", "serve"}:
            command.add_argument("--port", type=int, default=DEFAULT_PORT)
    given = parser.parse_args()
    if given.command == "serve":
        return serve(given.directory, given.port)
    if given.command == "start":
        return start(given.directory, given.port)
    instance = Instance.find(given.directory)
    if instance is None:
        print(f"no embedded cloud runs in {given.directory}", file=sys.stderr)
        return 1
    if given.command == "stop":
        instance.stop()
        print(f"stopped the embedded cloud at {instance.settings.endpoint_url}")
    elif given.command == "environment":
        for name, value in instance.environment().items():
            print(f"export {name}={shlex.quote(value)}")
    else:
        print(f"running at {instance.settings.endpoint_url}, process {instance.pid}, in {given.directory}")
    return 0


def start(directory: Path, port: int) -> int:
    """Start a detached cloud."""
    try:
        Instance.start(directory, port, detached=True, progress=print)
    except CloudStartError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def serve(directory: Path, port: int) -> int:
    """Become the server's process."""
    settings = Settings(directory=directory.resolve(), port=port)
    settings.prepare()
    os.chdir(REPOSITORY)
    command = serve_command()
    os.execve(command[0], command, settings.server_environment())  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    sys.exit(main())
