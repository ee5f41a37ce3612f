"""Which files make one table, and which of their folders are its partitions.

https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-folder-table-partition.html: folders ``key=value`` name
their partition keys, others become ``partition_0``, ``partition_1``, …; folders whose files are of another
format, or share less than 70 % of their columns, become tables of their own unless schemas are combined.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field
from fnmatch import fnmatch

from local.crawler.definition import CrawlerDefinition, S3Target
from local.crawler.found import Inferred
from local.crawler.inference import combined, inferred
from local.lake.catalog import Table
from local.lake.objects import ObjectStore, StoredObject, split_uri

_SIMILAR = 0.7
_MAX_NAME_CHARACTERS = 255


@dataclass(slots=True)
class Folder:
    """The files of one folder: a partition, or a whole table without partitions."""

    location: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    objects: list[StoredObject] = field(default_factory=list)
    inferred: Inferred | None = None

    @property
    def size_bytes(self) -> int:
        """Bytes stored."""
        return sum(stored.size_bytes for stored in self.objects)


@dataclass(frozen=True, slots=True)
class TableGroup:
    """Folders that make one table at ``location``; ``keys`` are its partition keys."""

    name: str
    location: str
    keys: tuple[str, ...]
    folders: tuple[Folder, ...]

    @property
    def inferred(self) -> Inferred:
        """Columns of all folders together."""
        return combined(folder.inferred for folder in self.folders if folder.inferred is not None)


def groups(
    store: ObjectStore,
    crawler: CrawlerDefinition,
    crawled: Set[str],
    table_at: Callable[[str], Table | None],
) -> Iterator[TableGroup]:
    """Return the tables that a crawl finds, targets in order.

    A crawl of new folders only leaves the folders unread that were ``crawled`` before, and of those below a
    table that exists it keeps the ones that fit it.
    https://docs.aws.amazon.com/glue/latest/dg/incremental-crawls.html
    """
    only_new = crawler.crawls_new_folders_only
    for target in crawler.targets.s3_targets:
        for location, folders in _by_table(store, target, crawler).items():
            read = [folder for folder in folders if not (only_new and folder.location in crawled)]
            for folder in read:
                folder.inferred = _inferred(store, folder, target.sample_size)
            recognised = [folder for folder in read if folder.inferred is not None]
            table = table_at(location) if only_new else None
            if table is not None:
                recognised = [folder for folder in recognised if _fits(folder, table, crawler)]
            if recognised:
                yield from _tables(location, recognised, crawler, keep=table is not None)


def table_name(prefix: str, location: str) -> str:
    """Return Glue's name for a table: its folder in lower case, what is no letter or digit as ``_``."""
    folder = location.rstrip("/").rsplit("/", 1)[-1]
    return (prefix + re.sub(r"[^a-z0-9_]", "_", folder.lower()))[:_MAX_NAME_CHARACTERS]


def distinct_name(name: str, location: str) -> str:
    """Return the name with a hash, which Glue appends when the plain one is taken by another place."""
    return f"{name}_{hashlib.md5(location.encode(), usedforsecurity=False).hexdigest()}"


def _by_table(store: ObjectStore, target: S3Target, crawler: CrawlerDefinition) -> dict[str, list[Folder]]:
    """Folders by the location of the table they would belong to."""
    root = target.path if target.path.endswith("/") else f"{target.path}/"
    tables: dict[str, dict[tuple[str, ...], Folder]] = {}
    level = crawler.configuration.grouping.table_level_configuration
    for stored in store.list(root):
        if any(fnmatch(stored.relative, pattern) for pattern in target.exclusions):
            continue
        below = stored.relative.split("/")[:-1]
        # The level counts from the bucket, which is 1: what lies between the target and it names the table.
        target_level = 1 + len([part for part in split_uri(root)[1].split("/") if part])
        depth = max((level or target_level) - target_level, 0)
        location = root + "".join(f"{part}/" for part in below[:depth])
        steps = tuple(below[depth:])
        keys, values = _partition(steps)
        place = location + "".join(f"{part}/" for part in steps)
        folder = tables.setdefault(location, {}).setdefault(steps, Folder(place, keys, values))
        folder.objects.append(stored)
    return {location: list(folders.values()) for location, folders in tables.items()}


def _partition(steps: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    keys, values = [], []
    for position, step in enumerate(steps):
        key, equals, value = step.partition("=")
        keys.append(re.sub(r"[^a-z0-9_]", "_", key.lower()) if equals else f"partition_{position}")
        values.append(value if equals else step)
    return tuple(keys), tuple(values)


def _inferred(store: ObjectStore, folder: Folder, sample_size: int | None) -> Inferred | None:
    found = [inferred(store, stored) for stored in folder.objects[:sample_size]]
    known = [one for one in found if one is not None]
    formats = {one.classification for one in known}
    return combined(known) if len(formats) == 1 and len(known) == len(found) else None


def _fits(folder: Folder, table: Table, crawler: CrawlerDefinition) -> bool:
    """Whether a new folder's files are of the table's kind: what is not is no part of the catalog."""
    assert folder.inferred is not None  # noqa: S101 - only recognised folders are asked about
    classification = table.parameters.get("classification", folder.inferred.classification)
    if folder.keys != tuple(column.name for column in table.partition_keys):
        return False
    if folder.inferred.classification != classification:
        return False
    names = {column.name for column in table.storage_descriptor.columns}
    return crawler.combines_schemas or _share(folder.inferred.columns.keys(), names) >= _SIMILAR


def _tables(
    location: str, folders: list[Folder], crawler: CrawlerDefinition, *, keep: bool
) -> Iterator[TableGroup]:
    prefix = crawler.table_prefix
    if keep or _belong_together(folders, combine=crawler.combines_schemas):
        yield TableGroup(table_name(prefix, location), location, folders[0].keys, tuple(folders))
        return
    for folder in folders:
        alone = Folder(folder.location, (), (), folder.objects, folder.inferred)
        yield TableGroup(table_name(prefix, folder.location), folder.location, (), (alone,))


def _belong_together(folders: list[Folder], *, combine: bool) -> bool:
    found = [folder.inferred for folder in folders if folder.inferred is not None]
    if len({folder.keys for folder in folders}) > 1 or len({one.classification for one in found}) > 1:
        return False
    return combine or all(_similarity(found[0], other) >= _SIMILAR for other in found[1:])


def _similarity(one: Inferred, other: Inferred) -> float:
    return _share(one.columns.keys(), other.columns.keys())


def _share(one: Set[str], other: Set[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0
