"""Files as PostgreSQL's binary COPY writes them, for the model's job: one field a row, its id."""

from functools import lru_cache
from struct import pack

import pyarrow as pa

from lakeshot.columns.types import Column
from lakeshot.files import Compression
from lakeshot.files.copy_binary import EMPTY
from lakeshot.files.encoder import Sink

_ENDS = len(EMPTY) - 2
_HEADER, _END = EMPTY[:_ENDS], EMPTY[_ENDS:]


class CopyBinaryEncoder:
    """In the place of a database, which writes such files itself."""

    def __init__(self, sink: Sink, columns: tuple[Column, ...], compression: Compression) -> None:
        self._sink = sink
        sink.write(_HEADER)

    def write(self, table: pa.Table) -> None:
        for row in table["id"].to_pylist():
            self._sink.write(pack("!hi", 1, len(row)) + row.encode())

    def close(self) -> None:
        self._sink.write(_END)


@lru_cache(maxsize=10_000)
def ids_of(body: bytes) -> tuple[str, ...]:
    """The ids of a file's rows."""
    found, at = [], _ENDS
    while body[at : at + 2] != _END:
        size = int.from_bytes(body[at + 2 : at + 6])
        found.append(body[at + 6 : at + 6 + size].decode())
        at += 6 + size
    return tuple(found)
