"""One data file on its way to S3: uploaded in parts, seen by nobody until the commit completes it."""

import hashlib
import zlib
from base64 import b64encode
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from botocore.exceptions import BotoCoreError, ClientError

from lakeshot.model import Model
from lakeshot.refusals import refusals_named

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FIRST_PART_BYTES = 8 * 1024**2
PARTS_PER_DOUBLING = 1_000
"""S3 takes 10,000 parts of at most 5 GiB: doubling every thousand ends at 4 GiB and 8 TiB in all."""


class UploadedPart(Model):
    """One part S3 holds. ``crc32`` is base64 of the big-endian checksum, as S3 writes it."""

    number: int
    etag: str
    crc32: str


class UncommittedFile(Model):
    """A whole file in S3 that only completing ``upload_id`` makes visible.

    ``bytes``, ``sha256`` (hex) and ``crc32`` (base64) are of the file as it will be read. A file that
    another has put in its place has a ``landed_etag`` instead, and neither an upload nor its CRC-32.
    """

    key: str
    upload_id: str
    parts: tuple[UploadedPart, ...]
    rows: int
    bytes: int
    sha256: str
    crc32: str
    landed_etag: str | None = None


def part_bytes(number: int) -> int:
    """Size of the part with this number, counted from 1."""
    return FIRST_PART_BYTES << ((number - 1) // PARTS_PER_DOUBLING)


def crc32_text(checksum: int) -> str:
    """A CRC-32 as S3 writes it: base64 of four big-endian bytes."""
    return b64encode(checksum.to_bytes(4, "big")).decode()


def abort_upload(client: "S3Client", bucket: str, key: str, upload_id: str) -> None:
    """Give an upload up. What S3 refuses to abort, the end of the run removes."""
    with suppress(ClientError, BotoCoreError):
        client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)


class MultipartUpload:
    """A sink for bytes that holds two parts in memory at most, whatever the file's size.

    One part travels while the next fills. Leaving the context by an error aborts the upload.
    """

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self._buffer = bytearray()
        self._parts: list[UploadedPart] = []
        self._travelling: Future[UploadedPart] | None = None
        self._sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="upload")
        self._sha256, self._crc32, self._bytes = hashlib.sha256(), 0, 0
        with refusals_named("s3:PutObject", self._uri):
            created = client.create_multipart_upload(
                Bucket=bucket, Key=key, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
            )
        self._upload_id = created["UploadId"]

    @property
    def _uri(self) -> str:
        return f"s3://{self._bucket}/{self._key}"

    @property
    def closed(self) -> bool:
        """Always false: only ``finish`` and ``abort`` end an upload, never an encoder."""
        return False

    def tell(self) -> int:
        """Bytes written so far."""
        return self._bytes

    def flush(self) -> None:
        """Nothing: a part leaves when it is full."""

    def write(self, data: bytes) -> int:
        """Take some bytes, waiting for the network only when two parts are full."""
        self._sha256.update(data)
        self._crc32 = zlib.crc32(data, self._crc32)
        self._bytes += len(data)
        self._buffer += data
        while len(self._buffer) >= (size := part_bytes(self._next_number)):
            self._send(bytes(memoryview(self._buffer)[:size]))
            del self._buffer[:size]
        return len(data)

    def finish(self, rows: int) -> UncommittedFile:
        """Send what is left and describe the file; it stays invisible."""
        if self._buffer or self._bytes == 0:  # S3 completes no upload without a part
            self._send(bytes(self._buffer))
            self._buffer.clear()
        self._settle()
        self._sender.shutdown()
        return UncommittedFile(
            key=self._key,
            upload_id=self._upload_id,
            parts=tuple(self._parts),
            rows=rows,
            bytes=self._bytes,
            sha256=self._sha256.hexdigest(),
            crc32=crc32_text(self._crc32),
        )

    def abort(self) -> None:
        """Give the upload up. What S3 refuses to abort, the end of the run removes."""
        self._sender.shutdown(cancel_futures=True)
        abort_upload(self._client, self._bucket, self._key, self._upload_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.abort()

    @property
    def _next_number(self) -> int:
        return len(self._parts) + (self._travelling is not None) + 1

    def _send(self, body: bytes) -> None:
        number = self._next_number
        self._settle()
        self._travelling = self._sender.submit(self._upload, number, body)

    def _settle(self) -> None:
        if self._travelling is not None:
            self._parts.append(self._travelling.result())
            self._travelling = None

    def _upload(self, number: int, body: bytes) -> UploadedPart:
        crc32 = crc32_text(zlib.crc32(body))
        with refusals_named("s3:PutObject", self._uri):
            answer = self._client.upload_part(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                PartNumber=number,
                Body=body,
                ChecksumCRC32=crc32,
            )
        return UploadedPart(number=number, etag=answer["ETag"], crc32=crc32)
