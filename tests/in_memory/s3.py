"""A bucket of S3 in memory: the operations that Lakeshot uses, and no others."""
# ruff: noqa: N803  # arguments are named as boto3 names them

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import md5
from io import BytesIO
from itertools import count
from types import SimpleNamespace
from typing import Any
from zlib import crc32

from tests.in_memory.errors import fail
from tests.in_memory.service import Service


@dataclass
class _Upload:
    key: str
    parts: dict[int, bytes] = field(default_factory=dict)


class S3InMemory(Service):
    """One bucket. A completed or aborted upload is forgotten at once."""

    meta = SimpleNamespace(region_name="us-east-1")

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, _Upload] = {}
        self._ids = count(1)

    @staticmethod
    def brief(given: Mapping[str, Any]) -> str:
        if "Delete" in given:
            return ", ".join(one["Key"] for one in given["Delete"]["Objects"])
        return str(given.get("Key") or given.get("Prefix"))

    def put_object(
        self, *, Bucket: str, Key: str, Body: bytes, ContentType: str, IfNoneMatch: str | None = None
    ) -> dict[str, Any]:
        if IfNoneMatch == "*" and Key in self.objects:
            fail("PreconditionFailed")
        self.objects[Key] = Body
        return {"ETag": _etag(Body)}

    def get_object(
        self, *, Bucket: str, Key: str, Range: str | None = None, IfMatch: str | None = None
    ) -> dict[str, Any]:
        body = self.objects.get(Key)
        if body is None:
            fail("NoSuchKey")
        if IfMatch is not None and IfMatch != _etag(body):
            fail("PreconditionFailed")
        if Range is not None:
            last = re.fullmatch(r"bytes=-(\d+)", Range)
            assert last is not None, Range
            body = body[-int(last[1]) :]
        return {"Body": BytesIO(body), "ContentLength": len(body), "ETag": _etag(self.objects[Key])}

    def head_object(self, *, Bucket: str, Key: str, ChecksumMode: str) -> dict[str, Any]:
        body = self.objects.get(Key)
        if body is None:
            fail("404", "Not Found")
        return {"ContentLength": len(body), "ETag": _etag(body), "ChecksumCRC32": _crc32(body)}

    def list_objects_v2(self, *, Bucket: str, Prefix: str = "", MaxKeys: int = 1000) -> dict[str, Any]:
        found = [
            {"Key": key, "Size": len(self.objects[key])}
            for key in sorted(self.objects)
            if key.startswith(Prefix)
        ][:MaxKeys]
        return {"Contents": found} if found else {}

    def delete_objects(self, *, Bucket: str, Delete: Mapping[str, Any]) -> dict[str, Any]:
        for one in Delete["Objects"]:
            self.objects.pop(one["Key"], None)
        return {}

    def create_multipart_upload(
        self, *, Bucket: str, Key: str, ChecksumAlgorithm: str, ChecksumType: str
    ) -> dict[str, Any]:
        name = f"upload-{next(self._ids)}"
        self.uploads[name] = _Upload(Key)
        return {"UploadId": name}

    def upload_part(
        self, *, Bucket: str, Key: str, UploadId: str, PartNumber: int, Body: bytes, ChecksumCRC32: str
    ) -> dict[str, Any]:
        assert ChecksumCRC32 == _crc32(Body)
        self._upload(UploadId).parts[PartNumber] = Body
        return {"ETag": _etag(Body)}

    def complete_multipart_upload(
        self,
        *,
        Bucket: str,
        Key: str,
        UploadId: str,
        ChecksumCRC32: str,
        ChecksumType: str,
        MpuObjectSize: int,
        MultipartUpload: Mapping[str, Any],
    ) -> dict[str, Any]:
        upload = self._upload(UploadId)
        body = b"".join(upload.parts[part["PartNumber"]] for part in MultipartUpload["Parts"])
        if (len(body), _crc32(body)) != (MpuObjectSize, ChecksumCRC32):
            fail("BadDigest")
        del self.uploads[UploadId]
        self.objects[Key] = body
        return {"ETag": _etag(body)}

    def abort_multipart_upload(self, *, Bucket: str, Key: str, UploadId: str) -> dict[str, Any]:
        self._upload(UploadId)
        del self.uploads[UploadId]
        return {}

    def list_multipart_uploads(self, *, Bucket: str, Prefix: str = "") -> dict[str, Any]:
        found = [
            {"Key": upload.key, "UploadId": name}
            for name, upload in self.uploads.items()
            if upload.key.startswith(Prefix)
        ]
        return {"Uploads": found} if found else {}

    def _upload(self, name: str) -> _Upload:
        if name not in self.uploads:
            fail("NoSuchUpload")
        return self.uploads[name]


def _etag(body: bytes) -> str:
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'


def _crc32(body: bytes) -> str:
    return b64encode(crc32(body).to_bytes(4, "big")).decode()
