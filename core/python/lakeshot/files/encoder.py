"""What every file format offers to the writer, and what it may ask of what it writes to or reads from."""

from typing import Protocol

import pyarrow as pa

from lakeshot.columns.types import Column
from lakeshot.files import Compression


class Sink(Protocol):
    """Where an encoder's bytes go. The sink outlives the encoder, which never closes it."""

    @property
    def closed(self) -> bool:
        """Whether nothing may be written any more."""

    def write(self, data: bytes) -> int:
        """Take all of the bytes; the number taken."""

    def flush(self) -> None:
        """Pass on what is held back, if anything may be."""

    def tell(self) -> int:
        """Bytes written so far."""


class Stream(Protocol):
    """A stored file that is read once from its start, and may be looked at from its end."""

    @property
    def size(self) -> int:
        """Bytes of the whole file."""

    def read(self, size: int) -> bytes:
        """The next bytes, as many as asked for unless the file ends."""

    def tail(self, size: int) -> bytes:
        """The file's last bytes, without moving on."""


class Encoder(Protocol):
    """Turns typed tables into the bytes of one file."""

    def __init__(self, sink: Sink, columns: tuple[Column, ...], compression: Compression) -> None: ...

    def write(self, table: pa.Table) -> None:
        """Encode rows whose fields are exactly the columns, in their order."""

    def close(self) -> None:
        """Write what ends the file. Without it the file is not readable."""
