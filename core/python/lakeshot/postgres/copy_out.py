"""Rows on their way from the server, received while those before them are worked on."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from types import TracebackType
from typing import Self

import asyncpg

from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.text_blocks import BYTE_ORDER_MARK
from lakeshot.postgres.told import told

_BLOCK_BYTES = 1024**2
_BYTES_PER_COLUMN = 4 * 1024
"""Rows are handed over once they are so many bytes, and so many for each column, which costs time in each
block. A few blocks are in memory, or a few of the largest rows."""
_BLOCKS_AHEAD = 2


class CopyOut:
    """One COPY of a query's rows as text.

    The server is not read from while ``_BLOCKS_AHEAD`` blocks wait. A context that is left before the end
    closes the connection, which is the one way to end at once what the server does.
    """

    def __init__(
        self, connection: asyncpg.Connection, loop: EventLoop, select: str, *, columns: int, doing: str
    ) -> None:
        self._connection, self._loop, self._select, self._doing = connection, loop, select, doing
        self._block_bytes = max(_BLOCK_BYTES, columns * _BYTES_PER_COLUMN)
        self._room = asyncio.Semaphore(_BLOCKS_AHEAD)
        self._ready: SimpleQueue[bytes | None] = SimpleQueue()
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_abandoned = self._is_lost = False
        self._end: Future[int]

    def blocks(self) -> Iterator[bytes]:
        """Whole rows, with a byte order mark before each block; raises what ``told`` makes of an error."""
        yield from iter(self._next, None)  # keeps no block, as any may be large
        if (error := self._error()) is not None:
            raise told(error, self._doing) from error

    @property
    def rows_sent(self) -> int:
        """Rows that the server says it sent, once all blocks were taken."""
        return self._end.result()

    def __enter__(self) -> Self:
        self._end = self._loop.start(self._receive())
        self._end.add_done_callback(lambda _: self._ready.put(None))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._end.done():
            self._is_abandoned = True
            self._loop.call(self._room.release)
            self._loop.call(self._connection.terminate)

    def _next(self) -> bytes | None:
        block = self._ready.get()
        if block is not None:
            self._loop.call(self._room.release)
        return block

    def _error(self) -> Exception | None:
        """What ended the rows too soon."""
        if self._is_lost:
            return ConnectionResetError()
        error = self._end.exception()
        if isinstance(error, AttributeError):  # the driver's own, of a connection that was ended here
            return ConnectionResetError()
        return error if isinstance(error, Exception) else None

    async def _receive(self) -> int:
        status = await self._connection.copy_from_query(
            self._select, output=self._take, format="text", encoding="UTF8"
        )
        await self._hand_over()
        return int(status.removeprefix("COPY "))

    async def _take(self, rows: bytes) -> None:
        self._pieces.append(rows)
        self._size += len(rows)
        if self._size >= self._block_bytes:
            await self._hand_over()
        if self._connection.is_closed():
            self._is_lost = True  # of which the driver would tell nobody
            self._ready.put(None)

    async def _hand_over(self) -> None:
        if not self._pieces:
            return
        await self._room.acquire()
        if not self._is_abandoned:
            self._ready.put(b"".join((BYTE_ORDER_MARK, *self._pieces)))
        self._pieces, self._size = [], 0
