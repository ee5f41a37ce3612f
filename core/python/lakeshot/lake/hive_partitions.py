"""The partitions of one snapshot: by its own name, and below that by the attributes it is partitioned by."""

from collections import Counter
from dataclasses import dataclass

from lakeshot.columns.types import Column
from lakeshot.commit.manifest import Manifest
from lakeshot.files.delimited import COMMAS
from lakeshot.lake.generations import Shape
from lakeshot.names import PARTITION_KEY


@dataclass(frozen=True)
class SnapshotPartition:
    """One partition: its values in the order of the table's keys, its files' S3 prefix, and its rows."""

    values: tuple[str, ...]
    prefix: str
    rows: int


def partition_columns(manifest: Manifest) -> tuple[Column, ...]:
    """The columns that folders hold, in the order of the folders' levels."""
    columns = {column.source: column for column in manifest.columns}
    return tuple(columns[source] for source in manifest.partition_by)


def file_columns(manifest: Manifest) -> tuple[Column, ...]:
    """The columns that files hold."""
    return tuple(column for column in manifest.columns if column.source not in manifest.partition_by)


def shape_of(manifest: Manifest) -> Shape:
    """What decides which table the snapshot goes into."""
    names = tuple(column.name for column in partition_columns(manifest))
    return Shape(manifest.format, file_columns(manifest), names, manifest.delimited or COMMAS)


def partition_keys(manifest: Manifest) -> tuple[str, ...]:
    """Names of the table's partition keys; all of them are texts."""
    return (PARTITION_KEY, *(column.name for column in partition_columns(manifest)))


def partitions(manifest: Manifest) -> tuple[SnapshotPartition, ...]:
    """The partitions that the snapshot's files lie in; the only one has all of them where no key is added."""
    if not manifest.partition_by:
        return (SnapshotPartition((manifest.snapshot,), manifest.prefix, manifest.rows),)
    rows: Counter[str] = Counter()
    for file in manifest.files:
        rows[f"{file.key.rpartition('/')[0]}/"] += file.rows
    return tuple(
        SnapshotPartition((manifest.snapshot, *_values(manifest, prefix)), prefix, count)
        for prefix, count in rows.items()
    )


def _values(manifest: Manifest, prefix: str) -> list[str]:
    folders = prefix.removeprefix(manifest.prefix).removesuffix("/").split("/")
    return [folder.partition("=")[2] for folder in folders]
