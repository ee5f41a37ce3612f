"""Lines of text on their way into a file and out of it, compressed as a whole or not at all."""

import sys
import zlib
from collections.abc import Iterator
from typing import IO, cast

import pyarrow as pa

from lakeshot.files import Compression
from lakeshot.files.encoder import Sink, Stream

ROWS_AT_ONCE = 4_096
"""Bounds the text in memory, and keeps it below the 2 GiB one Arrow array of text can hold."""
BYTES_AT_ONCE = 4 * 1024**2
_GZIP_STREAM = 16 + zlib.MAX_WBITS


class LineSink:
    """Takes lines and passes them on, compressed."""

    def __init__(self, sink: Sink, compression: Compression) -> None:
        self._sink = sink
        self._gzip = zlib.compressobj(wbits=_GZIP_STREAM) if compression is Compression.GZIP else None
        self._zstd = (
            pa.CompressedOutputStream(pa.PythonFile(_Writable(sink), mode="w"), "zstd")
            if compression is Compression.ZSTD
            else None
        )

    def write(self, lines: bytes) -> None:
        """Take whole lines."""
        if self._zstd:
            self._zstd.write(lines)
        else:
            self._sink.write(self._gzip.compress(lines) if self._gzip else lines)

    def close(self) -> None:
        """Write the end of the compressed stream, if there is one."""
        if self._zstd:
            self._zstd.close()
        if self._gzip:
            self._sink.write(self._gzip.flush())


def line_count(stream: Stream, compression: Compression) -> int:
    """How many lines a file has; ``EOFError`` if compressed text has no end."""
    return sum(text.count(b"\n") for text in plain_bytes(stream, compression))


def whole_lines(stream: Stream, compression: Compression) -> Iterator[bytes]:
    """The text of a file in pieces of some megabytes that end where a line does."""
    rest = b""
    for piece in plain_bytes(stream, compression):
        lines, newline, rest = (rest + piece).rpartition(b"\n")
        if newline:
            yield lines + newline
    if rest:
        raise EOFError("the last line has no end")


def plain_bytes(stream: Stream, compression: Compression) -> Iterator[bytes]:
    """The text of a file in pieces of any size; ``EOFError`` if compressed text has no end."""
    if compression is Compression.ZSTD:
        opened = _open_zstd(stream)
        while piece := opened.read(BYTES_AT_ONCE):
            yield piece
        return
    gzip = zlib.decompressobj(wbits=_GZIP_STREAM) if compression is Compression.GZIP else None
    while piece := stream.read(BYTES_AT_ONCE):
        while gzip and piece:
            yield gzip.decompress(piece, BYTES_AT_ONCE)
            piece = gzip.unconsumed_tail
        if piece:
            yield piece
    if gzip and not gzip.eof:
        raise EOFError("the gzip stream ends before its end mark")


class _Kept:
    """What Arrow's and Python's streams close when they end stays open."""

    closed = False

    def close(self) -> None:
        self.closed = True

    def flush(self) -> None:
        pass


class _Writable(_Kept):
    """A sink as Arrow's streams take it."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, data: bytes) -> int:
        return self._sink.write(bytes(data))


class _Readable(_Kept):
    """A stream as Arrow's and Python's streams take it."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(BYTES_AT_ONCE if size < 0 else size)


if sys.version_info >= (3, 14):
    from compression.zstd import ZstdFile

    def _open_zstd(stream: Stream) -> IO[bytes]:
        """The Arrow of the public Lambda layer knows no Zstandard, Python 3.14 does."""
        return cast(IO[bytes], ZstdFile(_Readable(stream)))

else:

    def _open_zstd(stream: Stream) -> IO[bytes]:
        return cast(IO[bytes], pa.CompressedInputStream(pa.PythonFile(_Readable(stream), mode="r"), "zstd"))
