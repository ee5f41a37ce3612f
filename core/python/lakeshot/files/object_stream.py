"""One object of S3, read once from start to end while its checksum is taken."""

import hashlib
from typing import TYPE_CHECKING

from lakeshot.refusals import refusals_named

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_REST_AT_ONCE = 4 * 1024**2


class ObjectStream:
    """Bytes of an object in order. ``sha256`` and ``position`` tell of what was read so far."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        with refusals_named("s3:GetObject", f"s3://{bucket}/{key}"):
            answer = client.get_object(Bucket=bucket, Key=key)
        self._body, self.etag = answer["Body"], answer["ETag"]
        self.size = answer["ContentLength"]
        self.position = 0
        self._sha256 = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Hex digest of what was read so far."""
        return self._sha256.hexdigest()

    def read(self, size: int) -> bytes:
        """The next bytes, as many as asked for unless the object ends."""
        data: bytes = self._body.read(size) if size > 0 else b""
        self._sha256.update(data)
        self.position += len(data)
        return data

    def tail(self, size: int) -> bytes:
        """The last bytes of the very same object, without moving on."""
        answer = self._client.get_object(
            Bucket=self._bucket, Key=self._key, Range=f"bytes=-{size}", IfMatch=self.etag
        )
        return answer["Body"].read()

    def drain(self) -> None:
        """Read to the end."""
        while self.read(_REST_AT_ONCE):
            pass
