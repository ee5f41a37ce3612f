"""The lines of an export's data files, one file for each partition of the table."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from local.dynamodb.exports.history import Write
from local.dynamodb.exports.request import ViewType
from local.dynamodb.item_size import item_size
from local.dynamodb.partition_hash import partition_of
from local.hooks import JsonObject

T = TypeVar("T")
LEAST_BILLED_BYTES = 10_000_000  # of an incremental export


@dataclass(frozen=True, slots=True)
class Content:
    """What an export writes: the lines of each partition's file, and the bytes billed."""

    files: list[list[bytes]]
    billed_bytes: int

    @property
    def item_count(self) -> int:
        """Lines of all files."""
        return sum(map(len, self.files))


def full_content(items: Sequence[JsonObject], keys: tuple[str, ...], partitions: int) -> Content:
    """Return the lines ``{"Item": …}`` of a full export."""
    files = _partitioned(items, lambda item: item[keys[0]], lambda item: {"Item": item}, partitions)
    return Content(files, sum(map(item_size, items)))


def incremental_content(
    writes: Sequence[Write], keys: tuple[str, ...], partitions: int, view: ViewType
) -> Content:
    """Return the lines of an incremental export: metadata, keys and the images of the view."""

    def line(write: Write) -> JsonObject:
        item = write.after or write.before or {}
        record: JsonObject = {
            "Metadata": {"WriteTimestampMicros": {"N": str(write.written_at)}},
            "Keys": {name: item[name] for name in keys},
        }
        if write.after is not None:
            record["NewImage"] = write.after
        if write.before is not None and view == "NEW_AND_OLD_IMAGES":
            record["OldImage"] = write.before
        return record

    files = _partitioned(writes, lambda write: (write.after or write.before or {})[keys[0]], line, partitions)
    images = (image for write in writes for image in (write.before, write.after) if image is not None)
    return Content(files, max(LEAST_BILLED_BYTES, sum(map(item_size, images))))


def _partitioned(
    records: Iterable[T],
    partition_key: Callable[[T], object],
    line: Callable[[T], JsonObject],
    partitions: int,
) -> list[list[bytes]]:
    files: list[list[bytes]] = [[] for _ in range(partitions)]
    for record in records:
        encoded = json.dumps(line(record), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        files[partition_of(partition_key(record), partitions)].append(encoded)
    return files
