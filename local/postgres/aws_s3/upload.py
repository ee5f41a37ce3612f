"""One call's files on their way to S3: ``key``, ``key_part2`` and so on."""

from typing import TYPE_CHECKING, Literal, TypedDict

from pydantic import BaseModel, ConfigDict

from local.postgres.aws_s3.row_ends import RowEnds

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES = 16 * 1024**2


class Target(BaseModel):
    """What a call wants: where to, and COPY's options."""

    model_config = ConfigDict(frozen=True)

    bucket: str
    key: str
    options: str | None = None
    kms_key: str | None = None

    def encryption(self) -> "Encryption":
        """Return S3's arguments: the key given; ministack has no AWS managed one for the others."""
        if self.kms_key is None:
            return {}
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key}


class Place(TypedDict):
    """S3's arguments for which object."""

    Bucket: str
    Key: str


class Encryption(TypedDict, total=False):
    """S3's arguments for an object encrypted by KMS."""

    ServerSideEncryption: Literal["aws:kms"]
    SSEKMSKeyId: str


class ObjectUpload:
    """One object: seen by nobody until it is completed."""

    def __init__(self, client: "S3Client", target: Target, key: str) -> None:
        self._client = client
        self._target = target
        self._place = Place(Bucket=target.bucket, Key=key)
        self._waiting = bytearray()
        self._upload_id = ""
        self._etags: list[str] = []
        self.written_bytes = 0

    def write(self, block: bytes) -> None:
        """Add bytes."""
        self.written_bytes += len(block)
        self._waiting += block
        if len(self._waiting) >= PART_BYTES:
            self._send()

    def complete(self) -> None:
        """Make the object, in place of one that has its key."""
        if not self._upload_id:
            self._client.put_object(**self._place, Body=bytes(self._waiting), **self._target.encryption())
            return
        if self._waiting:
            self._send()
        parts: list[CompletedPartTypeDef] = [
            {"PartNumber": number, "ETag": etag} for number, etag in enumerate(self._etags, 1)
        ]
        self._client.complete_multipart_upload(
            **self._place, UploadId=self._upload_id, MultipartUpload={"Parts": parts}
        )

    def abort(self) -> None:
        """Give it up."""
        if self._upload_id:
            self._client.abort_multipart_upload(**self._place, UploadId=self._upload_id)

    def _send(self) -> None:
        if not self._upload_id:
            created = self._client.create_multipart_upload(**self._place, **self._target.encryption())
            self._upload_id = created["UploadId"]
        sent = self._client.upload_part(
            **self._place,
            UploadId=self._upload_id,
            PartNumber=len(self._etags) + 1,
            Body=bytes(self._waiting),
        )
        self._etags.append(sent["ETag"])
        self._waiting.clear()


class Upload:
    """All files of one call; a file ends with the first row that reaches ``file_bytes``."""

    def __init__(self, client: "S3Client", target: Target, file_bytes: int) -> None:
        self._client = client
        self._target = target
        self._file_bytes = file_bytes
        self._ends = RowEnds(target.options)
        self._objects = [ObjectUpload(client, target, target.key)]
        self._full = False

    @property
    def files(self) -> int:
        """How many objects; an export of no rows has one, which is empty."""
        return len(self._objects)

    @property
    def uploaded_bytes(self) -> int:
        """Bytes of all objects."""
        return sum(one.written_bytes for one in self._objects)

    def write(self, block: bytes) -> None:
        """Add bytes of COPY's output."""
        while block:
            current = self._objects[-1]
            if self._full:
                current = self._next()
            end = self._ends.cut(block, max(self._file_bytes - current.written_bytes - 1, 0))
            piece = block if end is None else block[:end]
            self._ends.passed(piece)
            current.write(piece)
            block = block[len(piece) :]
            self._full = end is not None

    def complete(self) -> None:
        """Make all objects."""
        for one in self._objects:
            one.complete()

    def abort(self) -> None:
        """Give all of them up."""
        for one in self._objects:
            one.abort()

    def _next(self) -> ObjectUpload:
        key = f"{self._target.key}_part{len(self._objects) + 1}"
        self._objects.append(ObjectUpload(self._client, self._target, key))
        return self._objects[-1]
