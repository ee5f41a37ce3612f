"""Looks after the server while a run reads from it: pauses where it suffers, and tells what it cost."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Event, Thread
from types import TracebackType
from typing import Self

from lakeshot.errors import LakeshotError
from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.instance_cpu import InstanceCpu
from lakeshot.postgres.limit import Limit, Pausable
from lakeshot.postgres.own_session import OwnSession
from lakeshot.postgres.replica_lag import replica_lag
from lakeshot.postgres.server_load import ServerLoad, load_words, server_load
from lakeshot.postgres.source import PostgresSource
from lakeshot.postgres.table_locks import Connect

log = logging.getLogger(__name__)

LAG_SECONDS = 5.0
CPU_SECONDS = 30.0
"""Between looks; CloudWatch has a new figure each minute."""
LAG_LOOKS = 2
"""A standby's first change for an hour makes it look an hour behind for a moment."""
SETTLE_SECONDS = 0.6
"""How long servers before 15 take until they count what a session did that has ended."""


class Watch:
    """Looks from ``begin`` until the context is left, in threads and by a connection of its own.

    Leave the context when the sessions that read have ended: only then does the server count all they did.
    What cannot be looked at is told, and ends no run. ``cpu`` is that of the server's instance.
    """

    def __init__(
        self,
        connect: Connect,
        source: PostgresSource,
        *,
        cpu: InstanceCpu | None = None,
        lag_seconds: float = LAG_SECONDS,
        cpu_seconds: float = CPU_SECONDS,
    ) -> None:
        self._source, self._cpu = source, cpu
        self._lag_seconds, self._cpu_seconds = lag_seconds, cpu_seconds
        self._loop = EventLoop("watch")
        self._session = OwnSession(connect, self._loop)
        self._over = Event()
        self._limits: list[Limit] = []
        self._threads: list[Thread] = []
        self._begun_at: datetime | None = None
        self._before: ServerLoad | LakeshotError
        self.source_load: str | None = None
        """What reading has cost the server, for people, once the context was left without an error."""

    def begin(self, queue: Pausable) -> None:
        """Look for the first time, and pause the queue from now on where a limit of the source's says so."""
        self._begun_at = datetime.now(UTC)
        try:
            self._before = self._session.ask(server_load)
        except LakeshotError as error:
            self._before = error
        if (most := self._source.max_replica_lag_seconds) is not None:
            limit = Limit(queue, "replication lag", most, "s", looks=LAG_LOOKS)
            self._look_after(limit, lambda: self._session.ask(replica_lag), self._lag_seconds)
        else:
            self._session.close()
        if self._cpu is not None and self._source.max_cpu_percent is not None:
            cpu, most = self._cpu, self._source.max_cpu_percent
            limit = Limit(queue, f"CPU of {cpu.instance}", most, "%")
            self._look_after(limit, lambda: cpu.newest(datetime.now(UTC)), self._cpu_seconds)

    def __enter__(self) -> Self:
        self._loop.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        try:
            if kind is None and self._begun_at is not None:
                self.source_load = "; ".join(self._words(self._begun_at, datetime.now(UTC)))
                log.info("what reading cost: %s", self.source_load)
        finally:
            self._session.close()
            self._loop.__exit__(kind, error, trace)

    def _look_after(self, limit: Limit, look: Callable[[], float], every_seconds: float) -> None:
        def keep_looking() -> None:
            try:
                while not self._over.is_set():
                    try:
                        limit.seen(look())
                    except LakeshotError as error:
                        limit.unseen(str(error))
                    self._over.wait(every_seconds)
            finally:
                limit.end()

        self._limits.append(limit)
        self._threads.append(Thread(target=keep_looking, name="watch", daemon=True))
        self._threads[-1].start()

    def _words(self, begin: datetime, end: datetime) -> Iterator[str]:
        try:
            yield self._load()
        except LakeshotError as error:
            yield f"what reading cost the server is not known: {error}"
        if self._cpu is not None:
            try:
                yield self._cpu.words(begin, end)
            except LakeshotError as error:
                yield f"its CPU is not known: {error}"
        for limit in self._limits:
            yield from limit.words()

    def _load(self) -> str:
        if isinstance(self._before, LakeshotError):
            raise self._before
        time.sleep(SETTLE_SECONDS)
        return load_words(self._before, self._session.ask(server_load))
