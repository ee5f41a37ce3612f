"""One running embedded cloud: its directory, port and certificate, and the environment of its clients."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ConfigDict

from local.free_port import free_port
from local.settings import REPOSITORY, Settings

READY_SECONDS = 60
STOP_SECONDS = 10


class CloudStartError(Exception):
    """The embedded cloud could not be started; the message says why and where its log is."""


class Instance(BaseModel):
    """A running embedded cloud. ``with Instance.start(directory) as cloud: …`` stops it at the end."""

    model_config = ConfigDict(frozen=True)

    settings: Settings
    pid: int

    @classmethod
    def start(
        cls,
        directory: Path,
        port: int | None = None,
        *,
        detached: bool = False,
        glue_minute_seconds: float = 60,
        dynamodb_minute_seconds: float = 60,
        progress: Callable[[str], None] = lambda _line: None,
    ) -> Self:
        """Start a cloud that keeps everything it writes under ``directory``, and wait until it answers.

        Without a port a free one is taken. Unless ``detached``, it ends with this process, however that ends.
        Raises CloudStartError when one already runs in ``directory`` or the server does not come up.
        """
        running = cls.find(directory)
        if running is not None:
            raise CloudStartError(
                f"an embedded cloud runs in {directory} already (process {running.pid}, "
                f"{running.settings.endpoint_url}): stop it with `python -m local stop {directory}`"
            )
        settings = Settings(
            directory=directory.resolve(),
            port=port or free_port(),
            glue_minute_seconds=glue_minute_seconds,
            dynamodb_minute_seconds=dynamodb_minute_seconds,
        )
        settings.prepare()
        progress(f"starting the embedded cloud at {settings.endpoint_url}")
        with settings.log_file.open("ab") as log:
            server = subprocess.Popen(  # noqa: S603 - our own server, by the running interpreter
                serve_command(),
                env=settings.server_environment(),
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        instance = cls(settings=settings, pid=server.pid)
        _servers[server.pid] = server
        instance._wait_until_ready(server)
        instance._instance_file.write_text(instance.model_dump_json())
        environment = json.dumps(instance.environment(), indent=2)
        (settings.directory / "environment.json").write_text(environment + "\n")
        progress(f"ready; log in {settings.log_file}")
        return instance

    @classmethod
    def find(cls, directory: Path) -> Self | None:
        """Return the cloud that runs in ``directory``, or None."""
        try:
            instance = cls.model_validate_json((directory / "instance.json").read_text())
        except FileNotFoundError:
            return None
        return instance if instance.is_alive() else None

    def environment(self) -> dict[str, str]:
        """Variables that point boto3, the AWS CLI and the CDK CLI at this cloud, as its root."""
        return self.settings.client_environment()

    def is_alive(self) -> bool:
        """Whether the server's process exists and its port answers."""
        if not _lives(self.pid, _servers.get(self.pid)):
            return False
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.settings.port)) == 0

    def stop(self) -> None:
        """End the cloud and every process it started: Lambda workers, Glue jobs and their JVMs."""
        server = _servers.pop(self.pid, None)
        _signal_group(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and _lives(self.pid, server):
            time.sleep(0.05)
        _signal_group(self.pid, signal.SIGKILL)
        if server is not None:
            server.wait()
            if server.stdin is not None:
                server.stdin.close()
        self._instance_file.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _instance_file(self) -> Path:
        return self.settings.directory / "instance.json"

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.is_alive():
            if server.poll() is not None or time.monotonic() > deadline:
                server.kill()
                tail = "\n".join(self.settings.log_file.read_text().splitlines()[-15:])
                raise CloudStartError(
                    f"the embedded cloud did not come up; the end of {self.settings.log_file}:\n{tail}"
                )
            time.sleep(0.05)


_servers: dict[int, subprocess.Popen[bytes]] = {}


def serve_command() -> list[str]:
    """Build the server's command line, for the environment Settings makes."""
    return [sys.executable, "-m", "local.server"]


def _lives(pid: int, server: subprocess.Popen[bytes] | None) -> bool:
    if server is not None:
        return server.poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
