"""Reads one data file of DynamoDB's own export, ``.json.gz``, in pieces of whole lines."""

import hashlib
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from isal import isal_zlib  # as zlib, in half its time

from lakeshot.dynamodb.export_manifest import DataFile, md5_text
from lakeshot.dynamodb.export_rows import ExportRows, check_line, read_rows, typed_rows
from lakeshot.dynamodb.windows import Window
from lakeshot.errors import SourceError
from lakeshot.listing import body_if_there

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PIECE_BYTES = 1024**2
"""Of text decoded at once. Less makes more calls of the same cost, more does not fit a processor's cache."""
COMPRESSED_BYTES = 256 * 1024
LONGEST_LINE_BYTES = 16 * 1024**2
"""Far beyond an item of 400 KB, the largest there is, whatever JSON escapes and type tags add to it."""
_GZIP = 16 + isal_zlib.MAX_WBITS
_AGAIN = "Start a new run, which has the table exported anew; the view keeps what it shows"


class _Bytes(Protocol):
    def read(self, size: int) -> bytes: ...


class ExportFile:
    """One data file in S3, read once from start to end while its checksum is taken.

    SourceError says what is wrong with it and where, never what it holds.
    """

    def __init__(self, client: "S3Client", bucket: str, file: DataFile) -> None:
        self._client, self._bucket, self._file = client, bucket, file
        self.uri = f"s3://{bucket}/{file.key}"

    def rows(self) -> Iterator[ExportRows]:
        """All items of the file, or changes of items, some thousands at a time.

        The next piece is fetched and decompressed while this one is decoded. SourceError if the file is
        missing or cannot be decoded, and at its end if its checksum or its number of items is not the
        manifest's.
        """
        source, window, count = _Hashed(self._open()), self._file.window, 0
        try:
            with closing(_one_ahead(whole_lines(source))) as pieces:
                for lines in pieces:
                    try:
                        rows = read_rows(lines, window)
                    except ValueError as error:
                        raise ValueError(_located(lines, count, window, str(error))) from error
                    yield rows
                    count += rows.num_rows
        except (ValueError, isal_zlib.error) as error:  # type: ignore[misc]  # the stub has an instance
            self._check(source)
            raise self._unreadable(str(error)) from error
        self._check(source)
        if count != self._file.items:
            raise SourceError(
                f"{self.uri} holds {count:,} items, but the export's manifest says {self._file.items:,}. "
                f"{_AGAIN}"
            )

    def fault(self) -> SourceError | None:
        """What is wrong with a value, and in which line; None if nothing is.

        Values are only looked at when those of many pieces have come together, so this reads the file once
        more.
        """
        window, count = self._file.window, 0
        for lines in whole_lines(self._open()):
            try:
                rows = read_rows(lines, window)
                typed_rows([rows])
            except (ValueError, SourceError) as error:
                return self._unreadable(_located(lines, count, window, str(error)))
            count += rows.num_rows
        return None

    def _unreadable(self, reason: str) -> SourceError:
        return SourceError(f"{self.uri} cannot be read: {reason}. {_AGAIN}")

    def _open(self) -> _Bytes:
        body = body_if_there(self._client, self._bucket, self._file.key)
        if body is None:
            raise SourceError(f"the export's manifest names {self.uri}, which is missing. {_AGAIN}")
        return body

    def _check(self, source: "_Hashed") -> None:
        """Raise SourceError if DynamoDB wrote other bytes, which explains all other faults."""
        while source.read(PIECE_BYTES):
            pass
        if (given := source.md5) != self._file.md5:
            raise SourceError(
                f"{self.uri} was cut off or changed after DynamoDB wrote it: its MD5 is {given}, "
                f"not {self._file.md5} as the export's manifest says. {_AGAIN}"
            )


class _Hashed:
    """Bytes whose MD5 is taken while they are read."""

    def __init__(self, source: _Bytes) -> None:
        self._source, self._md5 = source, hashlib.md5(usedforsecurity=False)

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self._md5.update(data)
        return data

    @property
    def md5(self) -> str:
        """Of what was read so far."""
        return md5_text(self._md5.digest())


def whole_lines(source: _Bytes) -> Iterator[bytes]:
    """The text of a gzip stream in pieces of about a megabyte that end where a line does.

    ``ValueError`` if the stream has no end, or a line is longer than any item's can be.
    """
    parts: list[bytes] = []
    held = 0
    for text in _decompressed(source):
        end = text.rfind(b"\n") + 1
        if end and held + end >= PIECE_BYTES:
            yield b"".join((*parts, text[:end]))
            parts, held = [text[end:]], len(text) - end
        else:
            parts.append(text)
            held += len(text)
            if held > LONGEST_LINE_BYTES:
                raise ValueError(f"a line is longer than {LONGEST_LINE_BYTES:,} bytes, which no item's is")
    rest = b"".join(parts)
    if rest:
        yield rest if rest.endswith(b"\n") else rest + b"\n"


def _decompressed(source: _Bytes) -> Iterator[bytes]:
    """The text of a gzip stream, however many members it has; nothing of a source of no bytes at all."""
    stream, data = None, source.read(COMPRESSED_BYTES)
    while data or stream is not None:
        stream = stream or isal_zlib.decompressobj(wbits=_GZIP)
        text = stream.decompress(data, PIECE_BYTES)
        if text:
            yield text
        data = stream.unused_data if stream.eof else stream.unconsumed_tail
        if stream.eof:
            stream = None
        if not data and (stream is None or len(text) < PIECE_BYTES):  # nothing is left to come of it
            data = source.read(COMPRESSED_BYTES)
            if not data and stream is not None:
                raise ValueError("its gzip stream has no end, so it was cut off")


def _one_ahead(pieces: Iterator[bytes]) -> Generator[bytes, None, None]:
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="export") as fetcher:
        coming = fetcher.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = fetcher.submit(next, pieces, None)
            yield piece


def _located(lines: bytes, before: int, window: Window | None, reason: str) -> str:
    """The reason with the number of the first line that is at fault, after so many lines before these."""
    for number, line in enumerate(lines.split(b"\n")[:-1], start=before + 1):
        try:
            check_line(line, window)
        except (ValueError, SourceError) as error:
            return f"line {number:,}: {error}"
    return reason
