"""Rows of PostgreSQL's binary COPY files, which are counted without a look at values.

https://www.postgresql.org/docs/current/sql-copy.html, section "Binary Format"
"""

from struct import Struct
from struct import error as StructError  # noqa: N812 - it is an exception

from lakeshot.files import Compression
from lakeshot.files.encoder import Stream

SIGNATURE = b"PGCOPY\n\xff\r\n\0"
EMPTY = SIGNATURE + bytes(8) + b"\xff\xff"
"""A file without rows."""
_AT_ONCE = 4 * 1024**2
_FLAGS = Struct("!Ii")
_MUST_BE_KNOWN = 0xFFFF0000
"""Flags of which a reader has to know every one; the only one there ever was is gone since PostgreSQL 12."""
_COUNT, _LENGTH = Struct("!h"), Struct("!i")
_END = -1
_NULL = -1


def copy_binary_rows(stream: Stream, compression: Compression) -> int:
    """How many rows a whole file has; ``EOFError`` or ``ValueError`` if it is none, or has no end.

    Goes from length to length, in bounded memory however large values are.
    """
    if compression is not Compression.NONE:
        raise ValueError(f"binary COPY files are not compressed, got {compression.value}")
    reader = _Reader(stream)
    if reader.take(len(SIGNATURE)) != SIGNATURE:
        raise ValueError("the file does not begin as PostgreSQL's binary COPY does")
    flags, extension = _FLAGS.unpack(reader.take(_FLAGS.size))
    if flags & _MUST_BE_KNOWN or extension < 0:
        raise ValueError(f"the file's header has the flags {flags:#x} and the extension length {extension}")
    reader.skip(extension)
    rows = reader.skip_rows()
    if not reader.is_at_end():
        raise ValueError("the file goes on behind its end mark")
    return rows


class _Reader:
    """What was read of a stream, and the place in it that is looked at next, which may lie behind it."""

    def __init__(self, stream: Stream) -> None:
        self._stream, self._data, self._at = stream, b"", 0

    def take(self, size: int) -> bytes:
        while len(self._data) - self._at < size:
            self._more()
        self._at += size
        return self._data[self._at - size : self._at]

    def skip(self, size: int) -> None:
        self._at += size

    def skip_rows(self) -> int:
        """Skip to behind the end mark; how many rows there were."""
        rows = left = 0
        while True:
            left, begun = self._skip_rows(left)
            rows += begun
            if left == _END:
                return rows
            self._more()

    def _skip_rows(self, left: int) -> tuple[int, int]:
        """Skip what is there, first ``left`` fields of a row: how many of another stay, and rows begun."""
        # Only local names, because a large file spends its time in this loop.
        data, at, begun = self._data, self._at, 0
        count_at, length_at = _COUNT.unpack_from, _LENGTH.unpack_from
        null, end = _NULL, _END
        try:
            while left != end:
                for left in range(left, 0, -1):  # noqa: B007, B020, PLR1704 - so many if it breaks off
                    (length,) = length_at(data, at)
                    if length > 0:
                        at += 4 + length
                    elif length >= null:
                        at += 4
                    else:
                        raise ValueError(f"a field has the length {length}")
                left = 0
                (left,) = count_at(data, at)
                at += 2
                begun += 1
                if left < end:
                    raise ValueError(f"a row has {left} fields")
            begun -= 1
        except StructError:
            pass  # there is no more of it
        self._at = at
        return left, begun

    def is_at_end(self) -> bool:
        return self._at == len(self._data) and not self._stream.read(1)

    def _more(self) -> None:
        """Read on, past what lies before the place that is looked at next."""
        rest = self._data[self._at :]
        unread = max(0, self._at - len(self._data))
        while unread:
            unread -= len(self._read(min(unread, _AT_ONCE)))
        self._data, self._at = rest + self._read(_AT_ONCE), 0

    def _read(self, size: int) -> bytes:
        if not (piece := self._stream.read(size)):
            raise EOFError("the file ends before its end mark")
        return piece
