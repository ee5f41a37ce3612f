"""Snapshots that have the same columns in the same table, so that one manifest tells of all of them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from lakeshot.commit.manifest import Manifest, load_manifest
from lakeshot.errors import CommitError
from lakeshot.runs.snapshots import Snapshot

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def alike(s3: "S3Client", entries: Iterable[Snapshot]) -> Iterator[tuple[int, Sequence[Snapshot], Manifest]]:
    """Generation, snapshots and one manifest of each schema there is in each generation, in their order.

    Snapshots that have no generation are left out. CommitError, about the first, if no manifest of a schema
    is intact.
    """
    found: dict[tuple[int, str | None], list[Snapshot]] = {}
    for entry in entries:
        if entry.generation is not None:
            found.setdefault((entry.generation, entry.schema_fingerprint), []).append(entry)
    for (generation, _), group in found.items():
        yield generation, group, _first_intact(s3, group)


def _first_intact(s3: "S3Client", entries: Sequence[Snapshot]) -> Manifest:
    errors = []
    for entry in entries:
        try:
            return load_manifest(s3, str(entry.manifest), str(entry.manifest_sha256))
        except CommitError as error:
            errors.append(error)
    raise errors[0]
