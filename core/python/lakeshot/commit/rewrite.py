"""Files whose types turned out too narrow, written once more from S3; the source is not read again."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

import pyarrow as pa

from lakeshot.columns.schema import cast, fingerprint
from lakeshot.columns.types import NULL, Column
from lakeshot.commit.completion import head
from lakeshot.commit.manifest import FileEntry
from lakeshot.errors import CommitError
from lakeshot.files import Compression, FileFormat
from lakeshot.files.formats import ENCODERS
from lakeshot.files.json_lines import json_lines_tables
from lakeshot.files.object_stream import ObjectStream
from lakeshot.files.parquet import parquet_tables
from lakeshot.files.read_back import read_back
from lakeshot.files.upload import MultipartUpload, UncommittedFile
from lakeshot.files.writer import Target, stored
from lakeshot.model import Model

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Rewrite(Model):
    """One file to be written again under another key, with these columns and no others."""

    bucket: str
    file: UncommittedFile
    key: str
    columns: tuple[Column, ...]
    format: FileFormat
    compression: Compression


def rewrites(
    target: Target, files: Sequence[UncommittedFile], columns: tuple[Column, ...]
) -> tuple[Rewrite, ...]:
    """The files that hold a column by another name or type than ``columns`` say.

    A file that merely lacks a column agrees: readers find columns by name and take null. Only a
    column that is null in every row would be in no Parquet file for a crawler to see, so that one
    file, the smallest, carries it.
    """
    wanted = {column.source: column for column in columns}
    chosen = [file for file in files if not _agrees(file, wanted)]
    unseen = target.format is FileFormat.PARQUET and any(column.type == NULL for column in columns)
    if unseen and not chosen:
        chosen = [min(files, key=lambda file: file.bytes)]
    return tuple(
        Rewrite(
            bucket=target.bucket,
            file=file,
            key=_new_key(file, columns),
            columns=columns,
            format=target.format,
            compression=target.compression,
        )
        for file in chosen
    )


def rewrite(client: "S3Client", item: Rewrite) -> UncommittedFile:
    """Read a completed file and upload its rows with the wanted columns; memory as for a row group.

    Raises CommitError if the file is not what was written.
    """
    source = ObjectStream(client, item.bucket, item.file.key)
    given = stored(item.file.columns)
    rows = 0
    with MultipartUpload(client, item.bucket, item.key) as upload:
        encoder = ENCODERS[item.format](upload, item.columns, item.compression)
        for table in _tables(source, given, item):
            encoder.write(cast(table, given, item.columns))
            rows += table.num_rows
        encoder.close()
        source.drain()
        if (source.sha256, rows) != (item.file.sha256, item.file.rows):
            raise CommitError(
                f"s3://{item.bucket}/{item.file.key} changed after it was written ({rows} rows, "
                f"{item.file.rows} expected); start a new run"
            )
        return upload.finish(rows, item.columns)


def rewritten_before(client: "S3Client", item: Rewrite) -> FileEntry | None:
    """The rewritten file as an earlier try of the same commit completed it, if it did."""
    there = head(client, item.bucket, item.key)
    if there is None:
        return None
    back = read_back(client, item.bucket, item.key, item.format, item.compression)
    if back.rows != item.file.rows:
        raise CommitError(
            f"s3://{item.bucket}/{item.key} has {back.rows} rows, {item.file.rows} expected; start a new run"
        )
    return FileEntry(
        key=item.key,
        rows=back.rows,
        bytes=back.bytes,
        sha256=back.sha256,
        crc32=there.get("ChecksumCRC32", ""),
        etag=there["ETag"],
    )


def _agrees(file: UncommittedFile, wanted: Mapping[str, Column]) -> bool:
    return all(wanted[column.source] == column for column in stored(file.columns))


def _new_key(file: UncommittedFile, columns: tuple[Column, ...]) -> str:
    """A key that only the same rows with the same columns can have, so a second try finds the first's."""
    content = sha256(f"{file.sha256} {fingerprint(columns)}".encode()).hexdigest()[:8]
    folder, slash, name = file.key.rpartition("/")
    stem, dot, ending = name.partition(".")
    return f"{folder}{slash}{stem}-{content}{dot}{ending}"


def _tables(source: ObjectStream, given: tuple[Column, ...], item: Rewrite) -> Iterator[pa.Table]:
    if item.format is FileFormat.PARQUET:
        return parquet_tables(source)
    return json_lines_tables(source, given, item.compression)
