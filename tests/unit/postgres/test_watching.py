"""While a run reads, its database is looked after, and what that cost is told."""

import re
import time
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest

from lakeshot.driver.byte_pace import BytePace
from lakeshot.driver.part_queue import Idle, PartQueue
from lakeshot.errors import SourceError
from lakeshot.postgres.coordinator import Coordinator
from lakeshot.postgres.instance_cpu import InstanceCpu
from lakeshot.postgres.parts import QueryPart
from lakeshot.postgres.server import Login
from lakeshot.postgres.watching import Watch
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.in_memory.s3 import S3InMemory
from tests.unit.postgres.reading_runs import reading
from tests.unit.postgres.sessions import Sessions, source
from tests.unit.postgres.standbys import standby
from tests.unit.postgres.waiting import until

PART = QueryPart(number=0, relation="t", conditions=(), bytes=1)


class Metrics:
    """CloudWatch as it answers one after another; the last answer stays."""

    def __init__(self, *figures: float) -> None:
        self.figures = list(figures)

    def get_metric_data(self, **_: object) -> Mapping[str, object]:
        figure = self.figures.pop(0) if len(self.figures) > 1 else self.figures[0]
        return {"MetricDataResults": [{"Id": name, "Values": [figure]} for name in ("average", "peak")]}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> S3InMemory:
    made = S3InMemory()
    monkeypatch.setattr("lakeshot.postgres.reader.s3_client", lambda _: made)
    return made


@pytest.fixture
def table(database: Database) -> Database:
    """A table of 910 pages."""
    database.execute(
        "CREATE TABLE t (i int, x text);"
        "INSERT INTO t SELECT i, repeat('x', 700) FROM generate_series(1, 10000) AS i"
    )
    return database


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize("version", ["postgres", "postgres_13"])
def test_all_that_was_read_of_the_database_is_told(
    request: pytest.FixtureRequest, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the server's own count, once the readers' sessions have ended."""
    monkeypatch.setattr("lakeshot.postgres.watching.SETTLE_SECONDS", 3.0)
    server: PostgresServer = request.getfixturevalue(version)
    database = server.create_database("watched")
    database.execute(
        "CREATE TABLE t (i int PRIMARY KEY, x text);"
        "INSERT INTO t SELECT i, repeat('x', 700) FROM generate_series(1, 10000) AS i; ANALYZE t"
    )
    counted = "SELECT FROM pg_stat_database WHERE datname = current_database() AND blks_hit > 0"
    until(lambda: database.query(counted))
    wanted = source(table="t")
    sessions = Sessions.of(server, database)
    with (
        Watch(sessions, wanted) as watch,
        Coordinator(sessions, [wanted]) as coordinator,
        reading(coordinator, wanted) as run,
    ):
        watch.begin(run.queue)
        run.by_threads(2)
        assert sum(result.rows for result in run.queue.results()) == 10_000
    server.drop_database("watched")
    told = re.match(
        r"of the whole database ([0-9,]+) pages were read meanwhile by all sessions together \(\d+ % not",
        watch.source_load or "",
    )
    assert told is not None
    assert int(told[1].replace(",", "")) >= 910


@pytest.mark.usefixtures("s3")
def test_busy_cpu_pauses_the_readers(postgres: PostgresServer, table: Database) -> None:
    """And they read on once it is idle again; the mean of the reading is told, too."""
    wanted = source(table="t", max_cpu_percent=60)
    sessions = Sessions.of(postgres, table)
    metrics = Metrics(97.0, 61.0, 55.0, 47.0, 30.0)
    cpu = InstanceCpu(metrics, "shop-1")
    with (
        Watch(sessions, wanted, cpu=cpu, cpu_seconds=0.3) as watch,
        Coordinator(sessions, [wanted]) as coordinator,
        reading(coordinator, wanted) as run,
    ):
        watch.begin(run.queue)
        until(lambda: isinstance(run.queue.next("a reader"), Idle))
        run.by_threads(2)
        assert sum(result.rows for result in run.queue.results()) == 10_000
    told = (watch.source_load or "").split("; ")
    assert told[1] == "CPU of shop-1 was 30 % on average, 30 % at most"
    assert re.fullmatch(r"reading paused once, \d+ s in all, as CPU of shop-1 is over 60 %", told[2])


@pytest.mark.server
def test_a_standby_that_falls_behind_pauses_the_queue(tmp_path: Path) -> None:
    """Until it has caught up."""
    with PostgresServer.start(tmp_path) as primary, standby(primary, apply_delay_seconds=4):
        sessions = Sessions.of(primary, primary.database())
        primary.execute("CREATE TABLE t (i int)")
        pace = BytePace()
        queue = PartQueue([PART], pace=pace)
        with Watch(sessions, source(table="t", max_replica_lag_seconds=1), lag_seconds=0.1) as watch:
            watch.begin(queue)
            until(lambda: pace.pauses == ("replication lag is over 1 s",))
            until(lambda: pace.pauses == ())
    assert "reading paused once" in (watch.source_load or "")


def test_what_cannot_be_looked_at_ends_no_run(postgres: PostgresServer, table: Database) -> None:
    """It is told, once; nothing pauses."""

    async def refused() -> asyncpg.Connection:
        raise SourceError("the server has no connection left")

    pace = BytePace()
    with Watch(refused, source(table="t", max_replica_lag_seconds=1), lag_seconds=0.01) as watch:
        watch.begin(PartQueue([PART], pace=pace))
        until(lambda: any("not looked after" in words for words in watch._limits[0].words()))
    assert watch.source_load == (
        "what reading cost the server is not known: the server has no connection left; "
        "replication lag was not looked after: the server has no connection left"
    )
    assert pace.pauses == ()


def test_a_reading_that_fails_is_not_looked_at(postgres: PostgresServer, table: Database) -> None:
    """Its error is what counts; a pause does not outlive it."""
    metrics = Metrics(99.0)
    cpu, pace = InstanceCpu(metrics, "shop-1"), BytePace()
    watch = Watch(Sessions.of(postgres, table), source(table="t", max_cpu_percent=60), cpu=cpu)

    def failing() -> None:
        with watch:
            watch.begin(PartQueue([PART], pace=pace))
            until(lambda: pace.pauses != ())
            raise SourceError("the run's own")

    with pytest.raises(SourceError, match="the run's own"):
        failing()
    assert watch.source_load is None
    assert pace.pauses == ()


@pytest.mark.parametrize(("fields", "most"), [({}, 0), ({"max_replica_lag_seconds": 60}, 1)])
def test_one_connection_more_is_used_only_to_see_a_lag(
    postgres: PostgresServer, table: Database, fields: dict[str, int], most: int
) -> None:
    """Otherwise it is there for a moment before and after the reading."""
    table.create_reader("careful", "secret")
    sessions = Sessions.of(postgres, table, login=Login(user="careful", password="secret"))
    with Watch(sessions, source(table="t", **fields), lag_seconds=0.1) as watch:
        watch.begin(PartQueue([PART]))
        until(lambda: _connections(table) == most)
        time.sleep(0.3)
        assert _connections(table) == most
    until(lambda: _connections(table) == 0)


def _connections(database: Database) -> int:
    count: int = database.query("SELECT count(*) FROM pg_stat_activity WHERE usename = 'careful'")[0][0]
    return count
