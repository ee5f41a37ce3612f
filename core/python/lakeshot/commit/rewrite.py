"""Files whose types turned out too narrow, written once more from S3; the source is not read again."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from lakeshot.columns.packed import pack, unpack
from lakeshot.columns.schema import cast, fingerprint
from lakeshot.columns.types import Column
from lakeshot.commit.completion import head
from lakeshot.commit.manifest import FileEntry
from lakeshot.errors import CommitError
from lakeshot.files import BY_POSITION, NAMES_COLUMNS
from lakeshot.files.formats import ENCODERS, READERS
from lakeshot.files.object_stream import ObjectStream
from lakeshot.files.part_file import PartFile
from lakeshot.files.read_back import read_back
from lakeshot.files.target import Target
from lakeshot.files.upload import MultipartUpload, UncommittedFile
from lakeshot.model import Model

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Rewrite(Model):
    """One file to be written again under another key."""

    file: PartFile
    key: str


def rewrites(target: Target, files: Sequence[PartFile], columns: tuple[Column, ...]) -> tuple[Rewrite, ...]:
    """The files that hold a column by another name or type than ``columns`` say.

    A file that merely lacks a column agrees where readers find columns by name and take null; where they
    find them by position, every file has to have all of them. Only a column that no file has would be one
    that no crawler sees in files that name theirs, so that one file, the smallest, carries it. Columns that
    folders hold are in no file.
    """
    known = unpack(pack(target.in_files(columns)))
    wanted = {column.source: column for column in known}
    unseen = set(wanted) if target.format in NAMES_COLUMNS else set()
    disagreeing = set()
    for packed in {file.packed_columns for file in files}:
        held = target.stored(unpack(packed))
        unseen.difference_update(column.source for column in held)
        # Mostly it is one and the same object, which takes a tenth of the time to see.
        if (target.format in BY_POSITION and held != known) or any(
            wanted[one.source] is not one and wanted[one.source] != one for one in held
        ):
            disagreeing.add(packed)
    chosen = [file for file in files if file.packed_columns in disagreeing]
    if unseen and not chosen:
        chosen = [min(files, key=lambda file: file.bytes)]
    schema = fingerprint(known)
    return tuple(Rewrite(file=file, key=_new_key(file, schema)) for file in chosen)


@dataclass(frozen=True)
class Rewriter:
    """Writes files of a target again with these columns and no others.

    Sent to workers once, while each file to write is sent on its own.
    """

    target: Target
    packed_columns: bytes

    @classmethod
    def of(cls, target: Target, columns: tuple[Column, ...]) -> "Rewriter":
        """The rewriter of a target's files."""
        return cls(target, pack(target.in_files(columns)))

    def __call__(self, client: "S3Client", item: Rewrite) -> UncommittedFile:
        """Read a completed file and upload its rows with the wanted columns; memory as for a row group.

        Raises CommitError if the file is not what was written.
        """
        target, rows = self.target, 0
        source = ObjectStream(client, target.bucket, item.file.key)
        given, columns = target.stored(item.file.columns), unpack(self.packed_columns)
        with MultipartUpload(client, target.bucket, item.key) as upload:
            encoder = ENCODERS[target.format](upload, columns, target.compression)
            for table in READERS[target.format](source, given, target.compression):
                encoder.write(cast(table, given, columns))
                rows += table.num_rows
            encoder.close()
            source.drain()
            if (source.sha256, rows) != (item.file.sha256, item.file.rows):
                raise CommitError(
                    f"s3://{target.bucket}/{item.file.key} changed after it was written ({rows} rows, "
                    f"{item.file.rows} expected); start a new run"
                )
            return upload.finish(rows)

    def done_before(self, client: "S3Client", item: Rewrite) -> FileEntry | None:
        """The rewritten file as an earlier try of the same commit completed it, if it did."""
        target = self.target
        there = head(client, target.bucket, item.key)
        if there is None:
            return None
        back = read_back(client, target.bucket, item.key, target.format, target.compression)
        if back.rows != item.file.rows:
            raise CommitError(
                f"s3://{target.bucket}/{item.key} has {back.rows} rows, {item.file.rows} expected; "
                "start a new run"
            )
        return FileEntry(
            key=item.key,
            rows=back.rows,
            bytes=back.bytes,
            sha256=back.sha256,
            crc32=there.get("ChecksumCRC32", ""),
            etag=there["ETag"],
        )


def _new_key(file: UncommittedFile, schema: str) -> str:
    """A key that only the same rows with the same columns can have, so a second try finds the first's."""
    content = sha256(f"{file.sha256} {schema}".encode()).hexdigest()[:8]
    folder, slash, name = file.key.rpartition("/")
    stem, dot, ending = name.partition(".")
    return f"{folder}{slash}{stem}-{content}{dot}{ending}"
