"""Holds the one moment that all readers of a run see, for as long as they read."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self, TypeVar

import asyncpg

from lakeshot.errors import LakeshotError, SourceError
from lakeshot.postgres.cutting import Cut, cut
from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.holding import Holding, hold
from lakeshot.postgres.snapshot import Snapshot, clock
from lakeshot.postgres.source import PostgresSource
from lakeshot.postgres.table_locks import Connect
from lakeshot.postgres.told import ConnectionLostError, told

log = logging.getLogger(__name__)
T = TypeVar("T")

KEEP_ALIVE_SECONDS = 5.0
ANSWER_SECONDS = 30.0
WARN_AT = 0.8
"""Share of the time a snapshot may be held after which a warning is given."""
_AGE = """
SELECT pg_catalog.age(backend_xmin)::pg_catalog.int8 FROM pg_catalog.pg_stat_activity
WHERE pid = pg_catalog.pg_backend_pid()
"""


class Coordinator:
    """The connection that locks the tables and holds the snapshot, until the context is left.

    It works in a thread of its own. The snapshot ends too soon if the connection breaks or
    ``max_snapshot_minutes`` are over; ``on_warning`` is called once when little of them is left. ``adopted``
    is a snapshot that somebody else holds, which this one then holds too. Entering raises SourceError or
    PermissionDeniedError if a source is not there, may not be read, stays locked by others, or the server
    shares no snapshot.
    """

    def __init__(
        self,
        connect: Connect,
        sources: Sequence[PostgresSource],
        *,
        on_warning: Callable[[str], None] = log.warning,
        shared: bool = True,
        adopted: Snapshot | None = None,
        max_snapshot_minutes: float = 240.0,
    ) -> None:
        self._connect, self._sources, self._shared, self._adopted = connect, sources, shared, adopted
        self._max_seconds = max_snapshot_minutes * 60
        self._on_warning = on_warning
        self._over = self._warned = False
        self._told: list[Callable[[LakeshotError], None]] = []
        self.loss: LakeshotError | None = None
        """What ended the snapshot too soon."""
        self._connection: asyncpg.Connection | None = None
        self._holding: Holding
        self.loop = EventLoop("coordinator")
        """What the connection belongs to."""
        self.snapshot: Snapshot
        """The moment that is held."""
        self.xmin_age: int | None = None
        """How many transactions ago the oldest began that the server keeps dead rows for, because of this."""

    def when_lost(self, told: Callable[[LakeshotError], None]) -> None:
        """Have somebody told, in the coordinator's thread, what ended the snapshot too soon, once it has."""

        def add() -> None:
            self._told.append(told)
            if self.loss is not None:
                told(self.loss)

        self.loop.call(add)

    @contextmanager
    def reading(self) -> Iterator[asyncpg.Connection]:
        """The connection for one reader that reads by it, where no other can share the snapshot."""
        self.loop.run(self._turn.acquire())
        try:
            yield self.connection
        finally:
            self.loop.call(self._turn.release)

    @property
    def connection(self) -> asyncpg.Connection:
        """What holds the snapshot; use it by ``run`` or ``reading``."""
        if self._connection is None:
            raise ValueError("the coordinator's context was not entered")
        return self._connection

    def __enter__(self) -> Self:
        self.loop.__enter__()
        try:
            self.loop.run(self._begin())
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loop.run(self._end())
        self.loop.__exit__(kind, error, trace)

    def run(self, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """What the work makes of the connection, which is in the transaction that holds the snapshot."""
        return self.loop.run(self._done(work))

    def cut(self, source: PostgresSource, readers: int) -> Cut:
        """The parts of what an export reads, for so many readers."""
        moment, reads = self.snapshot.taken_at, self._holding.read_by(source)
        made = self.run(lambda connection: cut(connection, source, moment=moment, readers=readers))
        if not {each.oid for each in reads}.issuperset(made.leaves):
            raise SourceError(
                f"{source.name} is another table now than when the snapshot was taken: it, its schema or a "
                "partition was renamed, attached or detached since; start a new run"
            )
        return made.model_copy(
            update={
                "relations": tuple(each.oid for each in reads),
                "foreign": tuple(each.name for each in reads if each.is_foreign),
            }
        )

    def check(self) -> None:
        """Raise what ended the snapshot too soon, if something did."""
        if self.loss is not None:
            raise self.loss

    async def _done(self, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        async with self._turn:
            try:
                return await work(self.connection)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                raise told(error, "preparing to read") from error

    async def _begin(self) -> None:
        self._turn = asyncio.Lock()
        self._connection = await self._connect()
        try:
            self._holding = await hold(
                self._connection,
                self._sources,
                self._connect,
                shared=self._shared,
                adopted=self._adopted,
            )
            self.snapshot = self._holding.snapshot
            age = (await clock(self._connection) - self.snapshot.taken_at).total_seconds()
            self._held_since = time.monotonic() - max(0.0, age)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise told(error, "taking a snapshot") from error
        self._connection.add_termination_listener(self._terminated)
        self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        """Keep the connection from being idle, and notice what ends the snapshot."""
        try:
            while not self._over:
                await asyncio.sleep(KEEP_ALIVE_SECONDS)
                self._look_at_the_clock()
                if self._over or self._turn.locked():
                    continue
                async with self._turn:
                    self.xmin_age = await self.connection.fetchval(_AGE, timeout=ANSWER_SECONDS)
        except Exception as error:  # noqa: BLE001  (nobody would keep the snapshot any more)
            self._lose(self._broken(error))

    def _look_at_the_clock(self) -> None:
        held = time.monotonic() - self._held_since
        minutes, most = held / 60, self._max_seconds / 60
        if held >= self._max_seconds:
            self._lose(
                SourceError(
                    f"the snapshot was held for {minutes:.0f} minutes, and 'max_snapshot_minutes' allows "
                    f"{most:g}, because the database cannot remove dead rows meanwhile; raise it, let more "
                    "readers read, or export less at once"
                )
            )
        elif held >= WARN_AT * self._max_seconds and not self._warned:
            self._warned = True
            self._on_warning(
                f"the snapshot has been held for {minutes:.0f} of {most:g} minutes and keeps the database "
                f"from removing rows that died in the last {self.xmin_age or 0} transactions"
            )

    def _terminated(self, _: object) -> None:
        self._lose(self._broken(None))

    def _broken(self, error: Exception | None) -> LakeshotError:
        why = f" ({type(error).__name__})" if error is not None else ""
        standby = (
            ". It is a standby, which ends what is in the way of its primary's changes: set "
            "hot_standby_feedback on it, raise its max_standby_streaming_delay, or read from the primary"
            if self.snapshot.is_standby
            else ""
        )
        return ConnectionLostError(
            f"the connection that held the snapshot broke{why}, so readers would no longer see one moment; "
            f"look at the database's log for who ended it, and run again{standby}"
        )

    def _lose(self, why: LakeshotError) -> None:
        if self._over:
            return
        self._over, self.loss = True, why
        self.connection.terminate()
        for tell in self._told:
            try:
                tell(why)
            except Exception:
                log.exception("somebody could not be told that the snapshot is lost")

    async def _end(self) -> None:
        self._over = True
        if self._connection is not None and not self._connection.is_closed():
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                await self._connection.close(timeout=ANSWER_SECONDS)
