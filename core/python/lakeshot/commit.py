"""Makes one attempt of every part visible, all with one schema, and says so in the manifest.

Each step may be tried again after a crash anywhere: what an earlier try of the same commit has
done is recognised and kept.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from lakeshot.column_types import Column
from lakeshot.completion import complete, completed_before
from lakeshot.errors import CommitError, VerificationError
from lakeshot.files.upload import UncommittedFile
from lakeshot.files.writer import Target
from lakeshot.leftovers import abort_uploads
from lakeshot.manifest import FileEntry, Manifest, save_manifest
from lakeshot.model import Model
from lakeshot.part import PartResult
from lakeshot.rewrite import Distribute, Rewrite, in_this_process, rewrite, rewrites
from lakeshot.schema import fingerprint, unify

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Guard = Callable[[], None]
"""Raises LockLostError when this run may change nothing any more."""
COMPLETIONS_AT_ONCE = 8


class Snapshot(Model):
    """What a commit is about. ``key_columns`` come first, and alone make up an empty snapshot."""

    export: str
    moment: datetime
    snapshot: str
    target: Target
    manifest_key: str
    parts: int
    key_columns: tuple[Column, ...]
    expected_from: str
    started_at: datetime


def commit(
    client: "S3Client",
    snapshot: Snapshot,
    results: Sequence[PartResult],
    *,
    guard: Guard,
    now: Callable[[], datetime],
    distribute: Distribute = in_this_process,
) -> Manifest:
    """The manifest of the committed snapshot.

    Takes the first attempt listed of each part. Raises CommitError if a part has none or a file
    cannot be completed, VerificationError if rows written and the source's counts differ: then
    nothing was made visible. ``guard`` is asked before every change that readers could see.
    """
    parts = _one_attempt_each(snapshot, results)
    written, expected = sum(p.rows for p in parts), sum(p.source_count for p in parts)
    if written != expected:
        raise VerificationError(
            f"{written} rows were written but the source said {expected} ({snapshot.expected_from}); "
            "nothing was made visible. Run the export again"
        )
    target = snapshot.target
    files = [file for part in parts for file in part.files] or [empty_file(client, snapshot)]
    keys = [column.source for column in snapshot.key_columns]
    columns = unify([target.known_columns, snapshot.key_columns, *(f.columns for f in files)], first=keys)
    plan = rewrites(target, files, columns)
    kept = [file for file in files if file.key not in plan]
    entries = _complete_all(client, target.bucket, kept, guard)
    entries += _rewrite_all(client, target.bucket, list(plan.values()), guard, distribute)
    abort_uploads(client, target)
    guard()
    return save_manifest(
        client,
        target.bucket,
        snapshot.manifest_key,
        Manifest(
            export=snapshot.export,
            run=target.run,
            moment=snapshot.moment,
            snapshot=snapshot.snapshot,
            bucket=target.bucket,
            prefix=target.prefix,
            format=target.format,
            compression=target.compression,
            columns=columns,
            schema_fingerprint=fingerprint(columns),
            rows=sum(entry.rows for entry in entries),
            bytes=sum(entry.bytes for entry in entries),
            expected_rows=expected,
            expected_from=snapshot.expected_from,
            consumed_units=sum(part.consumed_units for part in parts),
            started_at=snapshot.started_at,
            finished_at=now(),
            files=tuple(sorted(entries, key=lambda entry: entry.key)),
        ),
    )
