"""Makes one attempt of every part visible, all with one schema, and says so in the manifest.

Each step may be tried again after a crash anywhere: what an earlier try of the same commit has
done is recognised and kept.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from lakeshot.columns.packed import unpack
from lakeshot.columns.partition_by import refuse_unfilled
from lakeshot.columns.pins import starting_columns
from lakeshot.columns.schema import fingerprint, unify
from lakeshot.columns.types import Column
from lakeshot.commit.completion import Guard, complete
from lakeshot.commit.leftovers import abort_uploads, delete_files
from lakeshot.commit.manifest import Committed, FileEntry, Manifest, save_manifest
from lakeshot.commit.part import PartResult
from lakeshot.commit.rewrite import Rewrite, Rewriter, rewrites
from lakeshot.commit.schema_change import SchemaChange
from lakeshot.errors import CommitError, VerificationError
from lakeshot.files.formats import EMPTY, ENCODERS
from lakeshot.files.part_file import PartFile, filled_attributes
from lakeshot.files.partition_folders import check_file_count, check_folder_count, no_value_folder
from lakeshot.files.target import Target
from lakeshot.files.upload import MultipartUpload, UncommittedFile
from lakeshot.model import Model

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Distribute = Callable[
    [Callable[["S3Client", Rewrite], UncommittedFile], Sequence[Rewrite]], Sequence[UncommittedFile]
]
"""Calls a function with a client of its own for each item, wherever that is; results in any order."""
CALLS_AT_ONCE = 8


class Commit(Model):
    """What is committed: a snapshot of so many parts, from a source that keeps its own count.

    ``key_columns`` come first in the schema, also in that of an empty snapshot, and so do all
    ``declared_columns`` of a source that says beforehand which it has, in that order. ``expected_from`` says
    in words where the source's count comes from, ``moment_from`` what instant the moment is.
    ``baseline`` is the S3 URI of the manifest that the target's known columns are from, if any is.
    ``follows`` is the snapshot since which the source has told the changes; None if it told every row.
    ``of_one_instant`` says that it told all rows as they were at the moment.
    """

    export: str
    moment: datetime
    moment_from: str
    snapshot: str
    target: Target
    manifest_key: str
    baseline: str | None
    follows: str | None = None
    of_one_instant: bool = False
    parts: int
    key_columns: tuple[Column, ...]
    declared_columns: tuple[Column, ...] = ()
    expected_from: str
    started_at: datetime


def commit(
    client: "S3Client",
    what: Commit,
    results: Sequence[PartResult],
    *,
    guard: Guard,
    now: Callable[[], datetime],
    distribute: Distribute | None = None,
) -> Committed:
    """The manifest of the committed snapshot, as it lies in S3.

    Takes the first attempt listed of each part. Raises CommitError if a part has none or a file
    cannot be completed, VerificationError if rows written and the source's counts differ, PartitionError
    if rows cannot be partitioned as the target says: then nothing was made visible. ``guard`` is asked
    before every change that readers could see. Without ``distribute``, files are rewritten one after
    another in this process.
    """
    target = what.target
    parts = _one_attempt_each(what, results)
    expected = _checked_count(what, parts)
    files = [file for part in parts for file in part.files]
    _check_partitions(target, files)
    columns = snapshot_columns(what, files)
    files = files or [_empty_file(client, target, columns)]
    entries = _make_visible(client, target, files, columns, guard=guard, distribute=distribute)
    guard()
    delete_files(client, target.bucket, target.prefix, target.run, keep={entry.key for entry in entries})
    abort_uploads(client, target.bucket, target.prefix, target.run)
    manifest = Manifest(
        export=what.export,
        run=target.run,
        moment=what.moment,
        moment_from=what.moment_from,
        snapshot=what.snapshot,
        bucket=target.bucket,
        prefix=target.prefix,
        format=target.format,
        compression=target.compression,
        delimited=target.delimited,
        columns=columns,
        keys=tuple(column.source for column in what.key_columns),
        follows=what.follows,
        of_one_instant=what.of_one_instant,
        partition_by=target.partition_by,
        schema_fingerprint=fingerprint(columns),
        baseline=what.baseline,
        schema_change=_schema_change(what, columns, files),
        rows=sum(entry.rows for entry in entries),
        bytes=sum(entry.bytes for entry in entries),
        expected_rows=expected,
        expected_from=what.expected_from,
        consumed_units=sum(part.consumed_units for part in parts),
        started_at=what.started_at,
        finished_at=now(),
        files=tuple(sorted(entries, key=lambda entry: entry.key)),
    )
    guard()
    return save_manifest(client, target.bucket, what.manifest_key, manifest)


def snapshot_columns(what: Commit, files: Sequence[PartFile]) -> tuple[Column, ...]:
    """The columns that hold the rows of all files, and those that were known before."""
    target = what.target
    schemas = {file.packed_columns for file in files}
    columns = unify(
        chain([target.starting_columns, what.key_columns, what.declared_columns], map(unpack, schemas)),
        first=[column.source for column in what.declared_columns or what.key_columns],
        published=target.known_columns,
        named=target.partition_names,
    )
    return target.accepted(starting_columns(columns, target.pins))


def _schema_change(what: Commit, columns: Sequence[Column], files: Sequence[PartFile]) -> SchemaChange | None:
    """The difference to the baseline. What has no values in changes may have some in the rows they leave."""
    if what.baseline is None:
        return None
    known = what.target.known_columns
    filled = filled_attributes(files) if what.follows is None else {column.source for column in known}
    return SchemaChange.between(known, columns, filled)


def _one_attempt_each(what: Commit, results: Sequence[PartResult]) -> list[PartResult]:
    chosen: dict[int, PartResult] = {}
    for result in results:
        chosen.setdefault(result.part, result)
    if missing := sorted(set(range(what.parts)) - chosen.keys()):
        raise CommitError(
            f"{len(missing)} of {what.parts} parts have no finished attempt, such as part {missing[0]}; "
            "nothing was made visible. Run the export again"
        )
    return [chosen[part] for part in range(what.parts)]


def _checked_count(what: Commit, parts: Sequence[PartResult]) -> int:
    written = sum(file.rows for part in parts for file in part.files)
    expected = sum(part.source_count for part in parts)
    if written != expected:
        raise VerificationError(
            f"{written} rows were written but the source said {expected} ({what.expected_from}); "
            "nothing was made visible. Run the export again"
        )
    return expected


def _check_partitions(target: Target, files: Sequence[PartFile]) -> None:
    check_folder_count({file.key.rpartition("/")[0] for file in files}, target.partition_by)
    check_file_count(len(files), target.partition_by)
    if target.partition_by and files:
        refuse_unfilled(target.partition_by, filled_attributes(files), target.known_columns)


def _make_visible(
    client: "S3Client",
    target: Target,
    files: Sequence[PartFile],
    columns: tuple[Column, ...],
    *,
    guard: Guard,
    distribute: Distribute | None,
) -> list[FileEntry]:
    """Complete every file; those to be rewritten first as they are, then as they should be."""
    changes, rewriter = rewrites(target, files, columns), Rewriter.of(target, columns)
    spread = distribute or (lambda function, items: [function(client, item) for item in items])
    with ThreadPoolExecutor(max_workers=CALLS_AT_ONCE) as pool:

        def completed(uncommitted: Iterable[UncommittedFile]) -> list[FileEntry]:
            return list(pool.map(lambda file: complete(client, target.bucket, file, guard), uncommitted))

        before = list(pool.map(lambda change: rewriter.done_before(client, change), changes))
        done = [entry for entry in before if entry is not None]
        pending = [change for change, entry in zip(changes, before, strict=True) if entry is None]
        changed = {change.file.key for change in changes}
        kept = completed(file for file in files if file.key not in changed)
        completed(change.file for change in pending)
        return [*done, *kept, *completed(spread(rewriter, pending) if pending else ())]


def _empty_file(client: "S3Client", target: Target, columns: tuple[Column, ...]) -> PartFile:
    """A file without rows, so that an empty snapshot has columns a catalog can show."""
    key = target.key(part=0, number=0, folder=no_value_folder(target.partition_names))
    with MultipartUpload(client, target.bucket, key) as upload:
        if target.format in ENCODERS:
            ENCODERS[target.format](upload, target.stored(columns), target.compression).close()
        else:
            upload.write(EMPTY[target.format])
        return PartFile.of(upload.finish(0), columns)
