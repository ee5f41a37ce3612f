"""The files that a part's rows are being written to."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from lakeshot.columns.schema import cast
from lakeshot.columns.types import Column
from lakeshot.files.encoder import Encoder
from lakeshot.files.formats import ENCODERS
from lakeshot.files.part_file import PartFile
from lakeshot.files.partition_folders import check_file_count, check_folder_count
from lakeshot.files.upload import MultipartUpload, abort_upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from lakeshot.files.target import Target


class OpenFile:
    """A file that is being written, and the columns it was opened with."""

    def __init__(self, client: "S3Client", target: "Target", key: str, columns: tuple[Column, ...]) -> None:
        self.columns, self.rows = columns, 0
        self.stored = target.stored(columns)
        self._target, self._filled = target, set[str]()
        self.upload = MultipartUpload(client, target.bucket, key)
        self._encoder: Encoder = ENCODERS[target.format](self.upload, self.stored, target.compression)

    def takes(self, columns: tuple[Column, ...]) -> bool:
        """Whether it has every column that holds a value, as wide as that needs."""
        return self._target.stored(self._target.unified(self.columns, columns)) == self.stored

    def write(self, table: pa.Table, columns: tuple[Column, ...]) -> None:
        """Encode rows that have these columns."""
        self.columns = self._target.unified(self.columns, columns)
        present = self._target.stored(columns)
        self._encoder.write(cast(table.select([column.name for column in present]), present, self.stored))
        self._filled.update(
            column.source for column in columns if table.column(column.name).null_count < table.num_rows
        )
        self.rows += table.num_rows

    def finish(self) -> PartFile:
        """End the file; it stays invisible."""
        self._encoder.close()
        return PartFile.of(self.upload.finish(self.rows), self.columns, self._filled)


class OpenFiles:
    """One file at most in each folder, and ``open_files`` of the target at once.

    For one more, the file is ended that was written to least recently. Each holds two parts of its upload in
    memory at most, so that all of them are bounded whatever the number of folders. Leaving the context by
    an error aborts every upload, also those of files that were ended.
    """

    def __init__(self, client: "S3Client", target: "Target", part: int) -> None:
        self._client, self._target, self._part = client, target, part
        self._open: dict[str, OpenFile] = {}  # the one that was written to last comes last
        self._folders: set[str] = set()
        self._finished: list[PartFile] = []
        self._made = 0

    def __contains__(self, folder: object) -> bool:
        """Whether a file is open in the folder."""
        return folder in self._open

    @property
    def bytes_written(self) -> int:
        """Bytes handed to S3 so far."""
        open_bytes = sum(file.upload.tell() for file in self._open.values())
        return open_bytes + sum(file.bytes for file in self._finished)

    def write(
        self, folder: str, table: pa.Table, columns: tuple[Column, ...], known: tuple[Column, ...]
    ) -> None:
        """Write rows of a folder that have these columns; a file that is new has all that are ``known``.

        PartitionError if there are too many folders or files, or one's name is too long.
        """
        file = self._open.get(folder)
        if file is not None and not file.takes(columns):
            self._finish(folder)
            file = None
        if file is None:
            file = self._made_in(folder, known)
        file.write(table, columns)
        self._open[folder] = self._open.pop(folder)
        if file.upload.tell() >= self._target.file_bytes:
            self._finish(folder)

    def finish(self) -> tuple[PartFile, ...]:
        """End every file and describe all there were."""
        for folder in list(self._open):
            self._finish(folder)
        return tuple(self._finished)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            return
        for open_file in self._open.values():
            open_file.upload.abort()
        for ended in self._finished:
            abort_upload(self._client, self._target.bucket, ended.key, ended.upload_id)

    def _made_in(self, folder: str, known: tuple[Column, ...]) -> OpenFile:
        self._folders.add(folder)
        check_folder_count(self._folders, self._target.partition_by)
        check_file_count(self._made + 1, self._target.partition_by)
        if len(self._open) >= self._target.open_files:
            self._finish(next(iter(self._open)))
        key = self._target.key(self._part, self._made, folder)
        file = self._open[folder] = OpenFile(self._client, self._target, key, known)
        self._made += 1
        return file

    def _finish(self, folder: str) -> None:
        self._finished.append(self._open[folder].finish())
        del self._open[folder]  # only now: an upload that could not be ended is aborted
