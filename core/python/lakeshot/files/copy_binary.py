"""Rows of PostgreSQL's binary COPY files, which are counted without a look at values.

https://www.postgresql.org/docs/current/sql-copy.html, section "Binary Format"
"""

from struct import Struct

from lakeshot.files import Compression
from lakeshot.files.encoder import Stream

SIGNATURE = b"PGCOPY\n\xff\r\n\0"
EMPTY = SIGNATURE + bytes(8) + b"\xff\xff"
"""A file without rows."""
_AT_ONCE = 4 * 1024**2
_FLAGS = Struct("!ii")
_COUNT, _LENGTH = Struct("!h"), Struct("!i")
_END = -1
_NULL = -1


def copy_binary_rows(stream: Stream, compression: Compression) -> int:
    """How many rows a whole file has; ``EOFError`` or ``ValueError`` if it is none, or has no end.

    Goes from length to length, in bounded memory save for the largest value.
    """
    if compression is not Compression.NONE:
        raise ValueError(f"binary COPY files are not compressed, got {compression.value}")
    reader = _Reader(stream)
    if reader.take(len(SIGNATURE)) != SIGNATURE:
        raise ValueError("the file does not begin as PostgreSQL's binary COPY does")
    _, extension = _FLAGS.unpack(reader.take(_FLAGS.size))
    reader.take(extension)
    rows = 0
    while (fields := _COUNT.unpack(reader.take(_COUNT.size))[0]) != _END:
        reader.skip_fields(fields)
        rows += 1
    if not reader.is_at_end():
        raise ValueError("the file goes on behind its end mark")
    return rows


class _Reader:
    def __init__(self, stream: Stream) -> None:
        self._stream, self._data, self._at = stream, b"", 0

    def take(self, size: int) -> bytes:
        if len(self._data) - self._at < size:
            self._more(size)
        self._at += size
        return self._data[self._at - size : self._at]

    def skip_fields(self, count: int) -> None:
        unpack_from = _LENGTH.unpack_from
        for _ in range(count):
            if len(self._data) - self._at < _LENGTH.size:
                self._more(_LENGTH.size)
            (length,) = unpack_from(self._data, self._at)
            self._at += _LENGTH.size
            if length > 0:
                if len(self._data) - self._at < length:
                    self._more(length)
                self._at += length
            elif length < _NULL:
                raise ValueError(f"a field has the length {length}")

    def is_at_end(self) -> bool:
        return self._at == len(self._data) and not self._stream.read(1)

    def _more(self, size: int) -> None:
        pieces = [self._data[self._at :]]
        have = len(pieces[0])
        while have < size:
            piece = self._stream.read(max(_AT_ONCE, size - have))
            if not piece:
                raise EOFError("the file ends before its end mark")
            pieces.append(piece)
            have += len(piece)
        self._data, self._at = b"".join(pieces), 0
