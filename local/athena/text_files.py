"""Text in objects: names tell how it is compressed, as Hadoop's codecs go by extension."""

import gzip
import zlib

import pyarrow as pa

from local.athena.errors import QueryError
from local.lake.objects import ObjectStore, StoredObject


def text_of(store: ObjectStore, stored: StoredObject) -> bytes:
    """Return the object's lines, decompressed if its name ends with ``.gz`` or ``.zst``."""
    body = store.read(stored)
    try:
        if stored.key.endswith(".gz"):
            return gzip.decompress(body)
        if stored.key.endswith(".zst"):
            return bytes(pa.CompressedInputStream(pa.BufferReader(body), "zstd").read())
    except (OSError, EOFError, zlib.error) as error:
        raise QueryError(
            "HIVE_CURSOR_ERROR", f"incorrect compressed data in {stored.uri}: {error}"
        ) from error
    return body
