"""Objects of S3 as Hive readers see them: hidden names skipped, ranges read on demand, bytes counted."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlparse

import boto3


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One visible, non-empty object; ``relative`` is its key below the listed location."""

    bucket: str
    key: str
    size_bytes: int
    relative: str

    @property
    def uri(self) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self.bucket}/{self.key}"


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key prefix of ``s3://bucket/prefix``; raises ValueError for anything else."""
    parsed = urlparse(uri)
    if parsed.scheme not in {"s3", "s3a", "s3n"} or not parsed.netloc:
        raise ValueError(f"{uri!r} is not an S3 location; write it as s3://bucket/prefix/")
    return parsed.netloc, uri.split(parsed.netloc, 1)[1].removeprefix("/")


def is_hidden(relative: str) -> bool:
    """Whether Hive's readers skip the key: a name below the location starts with ``_`` or ``.``."""
    return any(name.startswith(("_", ".")) for name in relative.split("/"))


class ObjectStore:
    """Reads objects under one principal's permissions and counts the bytes it received."""

    def __init__(self, session: boto3.Session) -> None:
        self._s3 = session.client("s3")
        self.bytes_read = 0

    def list(self, location: str) -> Iterator[StoredObject]:
        """Visible objects at or below a location, in key order."""
        bucket, prefix = split_uri(location)
        folder = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder):
            for entry in page.get("Contents", []):
                relative = entry["Key"].removeprefix(folder)
                if entry["Size"] and relative and not is_hidden(relative):
                    yield StoredObject(bucket, entry["Key"], entry["Size"], relative)

    def read(self, stored: StoredObject, first_byte: int = 0, size_bytes: int | None = None) -> bytes:
        """The object's bytes, or a range of them."""
        if size_bytes is None:
            reply = self._s3.get_object(Bucket=stored.bucket, Key=stored.key)
        else:
            byte_range = f"bytes={first_byte}-{first_byte + size_bytes - 1}"
            reply = self._s3.get_object(Bucket=stored.bucket, Key=stored.key, Range=byte_range)
        body = reply["Body"].read()
        self.bytes_read += len(body)
        return body

    def open(self, stored: StoredObject) -> "ObjectReader":
        """A seekable reader that fetches only the ranges asked for."""
        return ObjectReader(self, stored)

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        """Put one object."""
        bucket, key = split_uri(uri)
        self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)

    def require_bucket(self, uri: str) -> None:
        """Ask where the location's bucket is, as Athena does before it writes a result."""
        self._s3.get_bucket_location(Bucket=split_uri(uri)[0])


class ObjectReader(io.RawIOBase):
    """A read-only file over one object."""

    def __init__(self, store: ObjectStore, stored: StoredObject) -> None:
        super().__init__()
        self._store = store
        self._stored = stored
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Position in bytes from the start."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move without reading."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._stored.size_bytes}
        self._position = base[whence] + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """At most ``size`` bytes from here; all that is left when it is negative."""
        left = max(self._stored.size_bytes - self._position, 0)
        wanted = left if size is None or size < 0 else min(size, left)
        if not wanted:
            return b""
        body = self._store.read(self._stored, self._position, wanted)
        self._position += len(body)
        return body
