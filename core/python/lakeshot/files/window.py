"""A file of which only its end and the part that is being read are in memory."""

import io


class Window(io.RawIOBase):
    """What a reader of row groups or stripes takes for the whole file.

    ``tail`` are its last bytes. ``part`` is where some other bytes begin, and those bytes; whoever reads
    on through the file replaces them.
    """

    def __init__(self, size: int, tail: bytes) -> None:
        self._size, self._position = size, 0
        self._tail = tail
        self.part: tuple[int, bytes] = 0, b""

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Position in bytes from the start."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move without reading."""
        self._position = (
            offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        )
        return self._position

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes from here, as far as they are at hand."""
        start, data = self.part
        if self._position >= self._size - len(self._tail):
            start, data = self._size - len(self._tail), self._tail
        offset = self._position - start
        found = data[offset : None if size < 0 else offset + size] if offset >= 0 else b""
        self._position += len(found)
        return found
