"""A thread that runs asyncio, so that code which waits in the ordinary way can use connections."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from threading import Thread
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")
_ROUNDS = 3
"""Work that is cancelled may begin other work, as asyncpg does to cancel what its server does."""


class EventLoop:
    """An event loop in a thread of its own, for as long as the context lasts.

    What still runs at the end is cancelled. Whoever made connections closes them before.
    """

    def __init__(self, name: str = "postgres") -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name=name, daemon=True)

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Wait for the work's result. A wait that is interrupted cancels the work."""
        future = self.start(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def start(self, work: Coroutine[object, object, T]) -> Future[T]:
        """Have the work done meanwhile."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, function: Callable[[], object]) -> None:
        """Have the function called by the loop's thread soon."""
        self._loop.call_soon_threadsafe(function)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.start(_cancel_others()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _cancel_others() -> None:
    for _ in range(_ROUNDS):
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
