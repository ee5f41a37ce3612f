"""Just enough of S3 for a part worker: objects are files of a folder, uploads become files of another."""

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class LocalBucket:
    """Reads a key's last name from ``read`` and writes uploads to ``write``; None throws them away."""

    def __init__(self, read: Path, write: Path | None) -> None:
        self._read, self._write = read, write

    def client(self) -> "S3Client":
        """What takes S3's client takes this."""
        return cast("S3Client", self)

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, BinaryIO]:  # noqa: ARG002, N803  (as boto3)
        """The object's bytes."""
        return {"Body": (self._read / Path(Key).name).open("rb")}

    def create_multipart_upload(self, *, Key: str, **_: object) -> dict[str, str]:  # noqa: N803
        """Begin an upload."""
        return {"UploadId": Key}

    def upload_part(self, *, Key: str, Body: bytes, PartNumber: int, **_: object) -> dict[str, str]:  # noqa: N803
        """Take a part; they come in order."""
        if self._write is not None:
            with (self._write / Path(Key).name).open("ab" if PartNumber > 1 else "wb") as file:
                file.write(Body)
        return {"ETag": f'"{PartNumber}"'}
