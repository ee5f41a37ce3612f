"""What a job writes, in the CloudWatch Logs groups where Glue puts it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import boto3

GROUPS = {"output": "/aws-glue/jobs/output", "error": "/aws-glue/jobs/error"}
LINES_PER_CALL = 1_000
LINE_BYTES = 200_000


class JobLog:
    """Forwards a run's standard output and error to streams named after the run."""

    def __init__(self, run_id: str, directory: Path, region: str) -> None:
        self._client = boto3.client("logs", region_name=region)
        self._run_id = run_id
        self._files = {group: directory / name for name, group in GROUPS.items()}
        self._read: dict[str, int] = {}

    @contextmanager
    def files(self) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """Open what a process is to write its standard output and error to."""
        output, error = (self._files[group].open("wb") for group in GROUPS.values())
        with output, error:
            yield output, error

    def forward(self) -> None:
        """Send whole lines that were written since the last call."""
        for group, file in self._files.items():
            start = self._read.get(group, 0)
            with file.open("rb") as stream:
                stream.seek(start)
                text = stream.read()
            whole = text[: text.rfind(b"\n") + 1]
            if whole:
                self._read[group] = start + len(whole)
                self._send(group, whole.decode("utf-8", "replace").splitlines(), first=start == 0)

    def _send(self, group: str, lines: list[str], *, first: bool) -> None:
        if first:
            self._create(group)
        now = int(time.time() * 1000)
        for start in range(0, len(lines), LINES_PER_CALL):
            self._client.put_log_events(
                logGroupName=group,
                logStreamName=self._run_id,
                logEvents=[
                    {"timestamp": now, "message": line[:LINE_BYTES] or " "}
                    for line in lines[start : start + LINES_PER_CALL]
                ],
            )

    def _create(self, group: str) -> None:
        with suppress(self._client.exceptions.ResourceAlreadyExistsException):
            self._client.create_log_group(logGroupName=group)
        self._client.create_log_stream(logGroupName=group, logStreamName=self._run_id)
