"""A reader's connection that has nothing to do, kept from being ended for that."""

import asyncio
import time
from collections.abc import Callable

import asyncpg

from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.told import RAISED, told

KEEP_ALIVE_SECONDS = 20.0
"""Well before the server takes the reader for gone, and its lock, as it hears nothing of it."""
_ANSWER_SECONDS = 30.0


class KeptAwake:
    """Asks the server something once it has not for a while."""

    def __init__(
        self, connection: asyncpg.Connection, loop: EventLoop, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connection, self._loop, self._clock = connection, loop, clock
        self._asked_at = clock()

    def __call__(self) -> None:
        """To be called again and again while nothing else is asked; ConnectionLostError if it is gone."""
        if self._clock() < self._asked_at + KEEP_ALIVE_SECONDS:
            return
        self._loop.run(self._ask())
        self._asked_at = self._clock()

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._connection.execute("SELECT 1")
        except RAISED as error:
            raise told(error, "keeping an idle session") from error
