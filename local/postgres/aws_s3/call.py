"""One call of the function: its data, taken from a pipe, becomes objects once the call asks to finish."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event

from botocore.exceptions import BotoCoreError, ClientError

from local.postgres.aws_s3.role import NoCredentialsError
from local.postgres.aws_s3.upload import Target, Upload

BLOCK_BYTES = 1024**2
FINISH_SECONDS = 30
"""The function asks to finish right after its data; if it doesn't, its query failed or was cancelled."""

NO_CREDENTIALS = {
    "error": "credentials stored with the database instance can't be accessed",
    "hint": 'Has the IAM role Amazon Resource Name (ARN) been associated with the feature-name "s3Export"?',
}


class Call:
    """The pipes of one call lie in ``folder`` under its id; its outcome is left there as JSON."""

    def __init__(self, folder: Path, call_id: str) -> None:
        self._path = folder / call_id
        self._finish = Event()
        self._outcome: dict[str, str | int] = {}

    def finish(self) -> None:
        """Note that the query came to its end."""
        self._finish.set()

    def run(self, target: Target, begin: Callable[[Target], Upload]) -> None:
        """Take the data, then make objects of it or none."""
        upload = self._take(target, begin)
        self._answer("")
        if self._finish.wait(FINISH_SECONDS):
            self._drain(".end")
            if upload is not None and not self._outcome:
                self._try(upload.complete)
                self._outcome = self._outcome or {"files": upload.files, "bytes": upload.uploaded_bytes}
            self._path.with_suffix(".json").write_text(json.dumps(self._outcome))
            self._answer(".end")
        if upload is not None and "files" not in self._outcome:
            self._try(upload.abort)

    def _take(self, target: Target, begin: Callable[[Target], Upload]) -> Upload | None:
        upload: list[Upload] = []

        def take() -> None:
            upload.append(begin(target))
            while block := data.read(BLOCK_BYTES):
                upload[0].write(block)

        with self._pipe(".data").open("rb", buffering=0) as data:
            self._try(take)
            while data.read(BLOCK_BYTES):  # after an error, as closing would break the server's COPY
                pass
        return upload[0] if upload else None

    def _try(self, act: Callable[[], None]) -> None:
        """Act; what S3 or IAM refuse becomes the outcome, in the words of Aurora's function."""
        try:
            act()
        except NoCredentialsError:
            self._outcome = dict(NO_CREDENTIALS)
        except (BotoCoreError, ClientError) as refused:
            said = refused.response["Error"].get("Message") if isinstance(refused, ClientError) else None
            self._outcome = {
                "error": "could not upload to Amazon S3",
                "detail": f"Amazon S3 client returned '{said or refused}'.",
            }

    def _pipe(self, name: str) -> Path:
        return self._path.with_name(self._path.name + name)

    def _drain(self, stage: str) -> None:
        self._pipe(f"{stage}.data").read_bytes()

    def _answer(self, stage: str) -> None:
        """Let the server's program end."""
        self._pipe(f"{stage}.done").write_text("\n")
        for name in (".data", ".done"):
            self._pipe(stage + name).unlink(missing_ok=True)
