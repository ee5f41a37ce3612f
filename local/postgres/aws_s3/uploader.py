"""Uploads what a server hands out: ``python -m local.postgres.aws_s3.uploader FOLDER REGION FILE_BYTES``.

The server's own account may reach neither Python nor S3, so its COPY writes to a pipe in FOLDER. A line in
``FOLDER/requests`` (JSON in base64) says what comes through which pipe; see the extension's SQL. It ends when
FOLDER, which lies in the server's home, is gone.
"""

import json
import os
import select
import sys
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from local.postgres.aws_s3.call import Call
from local.postgres.aws_s3.role import AssociatedRole
from local.postgres.aws_s3.upload import Target, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LINE_BYTES = 64 * 1024
LOOK_SECONDS = 0.5


class Uploader:
    """Serves the calls of one server, each in a thread of its own; ``client`` makes a call's S3 client."""

    def __init__(self, folder: Path, file_bytes: int, client: Callable[[], "S3Client"]) -> None:
        self._folder = folder
        self._file_bytes = file_bytes
        self._client = client
        self._calls: dict[str, Call] = {}

    def serve(self) -> None:
        """Take requests until the folder is gone."""
        requests = os.open(self._folder / "requests", os.O_RDWR | os.O_NONBLOCK)
        rest = b""
        while self._folder.exists():
            if select.select([requests], [], [], LOOK_SECONDS)[0]:
                *lines, rest = (rest + os.read(requests, LINE_BYTES)).split(b"\n")
                for line in lines:
                    self._take(json.loads(b64decode(line)))
        os.close(requests)

    def _take(self, request: dict[str, str | None]) -> None:
        call_id = str(request.pop("id"))
        if "finished" in request:
            self._calls.pop(call_id).finish()
            return
        call = self._calls[call_id] = Call(self._folder, call_id)
        target = Target.model_validate(request)
        Thread(target=call.run, args=(target, self._begin), daemon=True).start()

    def _begin(self, target: Target) -> Upload:
        return Upload(self._client(), target, self._file_bytes)


def main() -> None:
    """Serve one server."""
    folder, region, file_bytes = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    Uploader(folder, file_bytes, lambda: AssociatedRole.read(folder / "role.json").s3(region)).serve()


if __name__ == "__main__":
    main()
