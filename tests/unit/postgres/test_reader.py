"""Readers read each row of the moment exactly once, whatever happens to them and to the table."""

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from lakeshot.driver.byte_pace import PAUSE_SECONDS, BytePace
from lakeshot.driver.part_queue import PartQueue
from lakeshot.errors import LakeshotError, SourceError
from lakeshot.postgres.coordinator import Coordinator
from lakeshot.postgres.reader import run_in_processes
from lakeshot.postgres.server import Login
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.in_memory.s3 import S3InMemory
from tests.unit.postgres.reading_runs import Trigger, WithoutS3, read_by_holder, reading, rows_of
from tests.unit.postgres.sessions import Sessions, source
from tests.unit.postgres.waiting import Until, until

ROWS = 60_000
WANTED = source(table="article")
LOCKING = """
    SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE usename = 'reading' AND relation = 'article'::regclass
"""
READERS = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY (%' AND pid <> pg_backend_pid()"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> S3InMemory:
    s3 = S3InMemory()
    monkeypatch.setattr("lakeshot.postgres.reader.s3_client", lambda _: s3)
    return s3


@pytest.fixture
def sessions(postgres: PostgresServer, database: Database, monkeypatch: pytest.MonkeyPatch) -> Sessions:
    """Of a table of about 75 MB, cut into parts of 16, which are more than what is on its way at once."""
    monkeypatch.setattr("lakeshot.postgres.part_sizes.SMALLEST_BYTES", 16 * 1024**2)
    database.execute(f"""
        CREATE TABLE article (id int NOT NULL UNIQUE, value int, body text) WITH (autovacuum_enabled = false);
        INSERT INTO article SELECT i, 0, repeat('lake ', 240) FROM generate_series(1, {ROWS}) i
    """)
    return Sessions.of(postgres, database)


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return sorted(row["id"] for row in rows)


def reader_of(database: Database) -> Login:
    """A login that only reads."""
    database.create_reader("reading", "p")
    return Login(user="reading", password="p")


def locking(database: Database) -> set[int]:
    """Sessions of that login that have their lock."""
    return {row[0] for row in database.query(LOCKING)}


@contextmanager
def writers(database: Database, *statements: str) -> Iterator[None]:
    """Others that commit the statements again and again, each in a transaction of its own."""
    over = threading.Event()

    async def write() -> None:
        connection = await database.connect()
        while not over.is_set():
            async with connection.transaction():
                for statement in statements:
                    await connection.execute(statement)
        await connection.close()

    threads = [threading.Thread(target=lambda: asyncio.run(write())) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_readers_share_the_parts_of_one_moment(
    sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """While others insert, update and delete."""
    busy = (
        "INSERT INTO article SELECT 1000000 + nextval('more'), 1, 'new'",
        "UPDATE article SET value = value + 1, id = -id WHERE id = 1 + (random() * 59999)::int",
        "DELETE FROM article WHERE id = 1 + (random() * 59999)::int",
    )
    database.execute("CREATE SEQUENCE more")
    both = Until(lambda: len(run.queue._assigned) == 2)
    with Coordinator(sessions, [WANTED]) as coordinator, writers(database, *busy):
        until(lambda: database.query("SELECT FROM article WHERE id < 0"))
        with reading(coordinator, WANTED, pace=both) as run:
            done = run.by_threads(2)
            results = run.queue.results()
    assert len(results) == len(run.cut.parts) == sum(done) == 6
    assert min(done) > 0
    assert ids(rows_of(results, s3)) == list(range(1, ROWS + 1))
    assert sum(result.source_count for result in results) == ROWS


def test_tables_that_are_written_together_agree(
    sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """Money moved between two tables is in exactly one of them; no lock holds the writers up."""
    database.execute("""
        CREATE TABLE giver (id int PRIMARY KEY, amount int); CREATE TABLE taker (LIKE giver INCLUDING ALL);
        INSERT INTO giver SELECT i, 1000 FROM generate_series(1, 100) i;
        INSERT INTO taker SELECT i, 0 FROM generate_series(1, 100) i
    """)
    move = """
        WITH moved AS (UPDATE giver SET amount = amount - 1 WHERE id = 7)
        UPDATE taker SET amount = amount + 1 WHERE id = 7
    """
    tables = [source(table="giver"), source(table="taker")]
    taken, sums = "SELECT amount FROM taker WHERE id = 7", []
    with writers(database, move), Coordinator(sessions, tables) as coordinator:
        for table in tables:
            before = database.query(taken)
            until(lambda before=before: database.query(taken) != before)  # type: ignore[misc]
            with reading(coordinator, table) as run:
                run.by_threads(1)
                sums.append(sum(row["amount"] for row in rows_of(run.queue.results(), s3)))
    assert sum(sums) == 100_000
    moved = database.query("SELECT sum(amount)::int FROM taker")[0][0]
    assert moved > sums[1], "the writers went on meanwhile"


def test_a_reader_whose_session_is_ended_tries_again(
    sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """By another session, at the same moment."""

    def end_readers() -> None:
        database.execute("DELETE FROM article WHERE id <= 30000")
        database.query(f"SELECT pg_terminate_backend(pid) FROM ({READERS}) r")
        assigned, waiting = run.queue._assigned.values(), run.queue._waiting
        attempts = [*(attempt for _, _, attempt in assigned), *(attempt for _, attempt in waiting)]
        if max(attempts, default=0) == 0:  # all that the session had to send may have been on its way already
            trigger.again(after=2)

    trigger = Trigger(2, end_readers)
    with Coordinator(sessions, [WANTED]) as coordinator, reading(coordinator, WANTED, pace=trigger) as run:
        run.by_threads(2)
        results = run.queue.results()
    assert ids(rows_of(results, s3)) == list(range(1, ROWS + 1))
    assert max(result.attempt for result in results) >= 1
    accepted = {file.upload_id for result in results for file in result.files}
    assert accepted == set(s3.uploads), "what the broken attempts had begun to upload was aborted"


def test_a_part_that_always_breaks_ends_the_run(
    sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """After four attempts."""

    class Always(BytePace):
        def spend(self, read: int) -> float:
            database.query(f"SELECT pg_terminate_backend(pid) FROM ({READERS}) r")
            return 0.0

    with Coordinator(sessions, [WANTED]) as coordinator, reading(coordinator, WANTED, pace=Always()) as run:
        run.by_threads(1)
        with pytest.raises(SourceError, match=r"part \d+ failed 4 times; the last time: .*connection"):
            run.queue.results()


def test_the_end_of_the_coordinator_is_the_end_of_the_run(
    sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """Readers stop, because a session that came later would see another moment."""
    with Coordinator(sessions, [WANTED]) as coordinator:
        pid = coordinator.connection.get_server_pid()

        def is_read_on() -> bool:
            database.query("SELECT pg_terminate_backend($1)", pid)
            return False  # readers wait until they are stopped

        with reading(coordinator, WANTED, pace=Until(is_read_on)) as run:
            run.by_threads(2)
            with pytest.raises(LakeshotError, match="the connection that held the snapshot broke"):
                run.queue.results()
    assert s3.uploads == {} or len(s3.uploads) < len(run.cut.parts)


@pytest.mark.parametrize(
    "change", ["ALTER TABLE article DROP COLUMN value", "TRUNCATE article", "VACUUM FULL article"]
)
def test_who_waits_to_change_the_table_holds_no_reader_up(
    sessions: Sessions, database: Database, s3: S3InMemory, change: str
) -> None:
    """The change is made after the run; what was read is as before it."""
    changed: list[float] = []
    waiting = threading.Event()

    async def wait_to_change() -> None:
        connection = await database.connect()
        waiting.set()
        await connection.execute(change)
        changed.append(time.monotonic())
        await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(wait_to_change()))

    def begin() -> None:
        thread.start()
        waiting.wait()
        while not database.query("SELECT FROM pg_locks WHERE NOT granted"):
            time.sleep(0.01)

    with Coordinator(sessions, [WANTED]) as coordinator:
        with reading(coordinator, WANTED, pace=Trigger(4, begin)) as run:
            run.by_threads(2)
            results = run.queue.results()
        read_by = time.monotonic()
    thread.join()
    assert ids(rows_of(results, s3)) == list(range(1, ROWS + 1))
    assert changed[0] > read_by


def test_a_reader_that_comes_too_late_leaves_the_parts_to_others(
    postgres: PostgresServer, sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """Behind somebody who waits to change the table it would wait as long as the run lasts."""
    patience = Sessions.of(postgres, database, lock_timeout_seconds=0.3)
    with Coordinator(patience, [WANTED]) as coordinator, reading(coordinator, WANTED) as run:
        blocked = threading.Thread(target=lambda: database.execute("ALTER TABLE article ADD COLUMN more int"))
        blocked.start()
        while not database.query("SELECT FROM pg_locks WHERE NOT granted"):
            time.sleep(0.01)
        assert run.reader(0) == 0
        with pytest.raises(SourceError, match=r"no reader is left .* lock timeout"):
            run.queue.results()
    blocked.join()


def test_sql_that_fails_for_a_row_ends_the_run_at_once(
    sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """Another attempt would fail as well; the message shows no values."""
    wanted = source(table="article", where="1 / (id - 30000) < 5")
    with Coordinator(sessions, [wanted]) as coordinator, reading(coordinator, wanted) as run:
        run.by_threads(2)
        with pytest.raises(SourceError, match="'where'"):
            run.queue.results()


def test_a_select_that_writes_is_refused_by_the_transaction(
    sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """Also where only its execution shows it, because a function is not what it is declared to be."""
    database.execute("""
        CREATE SEQUENCE counter; CREATE FUNCTION counted() RETURNS bigint STABLE LANGUAGE plpgsql AS
        $$ BEGIN RETURN nextval('public.counter'); END $$
    """)
    wanted = source(select="SELECT public.counted() AS n")
    with Coordinator(sessions, [wanted]) as coordinator, reading(coordinator, wanted) as run:
        run.by_threads(1)
        with pytest.raises(SourceError, match=r"nextval\(\) in a read-only transaction"):
            run.queue.results()
    assert not database.query("SELECT is_called FROM counter")[0][0]


def test_a_select_of_several_tables_is_read_at_the_moment(
    sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """Cut by what it makes."""
    wanted = source(
        select="SELECT a.id, b.id AS b FROM public.article a JOIN public.article b ON b.id = a.id % 9",
        split_by="id",
    )
    with Coordinator(sessions, [wanted]) as coordinator:
        database.execute("DELETE FROM article WHERE id = 5")
        with reading(coordinator, wanted) as run:
            run.by_threads(2)
            rows = rows_of(run.queue.results(), s3)
    assert ids(rows) == [i for i in range(1, ROWS + 1) if i % 9]


def test_one_reader_reads_all_by_the_connection_that_holds_the_moment(
    sessions: Sessions, database: Database
) -> None:
    """Where snapshots cannot be shared."""
    s3 = S3InMemory()
    with Coordinator(sessions, [WANTED], shared=False) as coordinator:
        cut = coordinator.cut(WANTED, readers=1)
        database.execute("DELETE FROM article WHERE id > 5")
        queue = PartQueue(cut.parts)
        read_by_holder(coordinator, cut, queue, s3)
        assert coordinator.run(lambda connection: connection.fetchval("SELECT 1")) == 1
    assert ids(rows_of(queue.results(), s3)) == list(range(1, ROWS + 1))


def test_one_reader_ends_with_what_ended_the_moment(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with what it saw of that."""
    monkeypatch.setattr("lakeshot.postgres.coordinator.KEEP_ALIVE_SECONDS", 0.05)
    with Coordinator(sessions, [WANTED], shared=False, max_snapshot_minutes=1 / 20) as coordinator:
        cut = coordinator.cut(WANTED, readers=1)
        queue = PartQueue(cut.parts, pace=BytePace(10_000_000.0))
        coordinator.when_lost(queue.stop)
        with pytest.raises(SourceError, match="'max_snapshot_minutes' allows"):
            read_by_holder(coordinator, cut, queue, S3InMemory())


def test_a_reader_whose_session_was_ended_while_it_waited_connects_again(
    postgres: PostgresServer, sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """As the server may do with those that are idle; no attempt is lost by it."""
    reader = Sessions.of(postgres, database, login=reader_of(database))
    with Coordinator(sessions, [WANTED]) as coordinator, reading(coordinator, WANTED) as run:
        run.queue.pause("replicas lag")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(replace(run.reader, connect=reader), 0)
            until(lambda: len(locking(database)) == 1)
            (first,) = locking(database)
            database.execute("SELECT pg_terminate_backend($1)", first)
            until(lambda: len(locking(database) - {first}) == 1)
            run.queue.resume("replicas lag")
        results = run.queue.results()
    assert ids(rows_of(results, s3)) == list(range(1, ROWS + 1))
    assert {result.attempt for result in results} == {0}


def test_a_reader_waits_for_a_connection_of_the_servers(
    postgres: PostgresServer, sessions: Sessions, database: Database, s3: S3InMemory
) -> None:
    """Others may have all of them for a moment."""
    database.execute(f"""
        DROP ROLE IF EXISTS crowded; CREATE ROLE crowded LOGIN PASSWORD 'p' CONNECTION LIMIT 0;
        GRANT CONNECT ON DATABASE {database.name} TO crowded; GRANT SELECT ON article TO crowded
    """)
    crowded = Sessions.of(postgres, database, login=Login(user="crowded", password="p"))
    with Coordinator(sessions, [WANTED]) as coordinator, reading(coordinator, WANTED) as run:
        free = "ALTER ROLE crowded CONNECTION LIMIT 1"
        threading.Timer(1.0, lambda: database.execute(free)).start()
        replace(run.reader, connect=crowded)(0)
        assert ids(rows_of(run.queue.results(), s3)) == list(range(1, ROWS + 1))


def test_a_run_of_one_connection_may_pause(
    postgres: PostgresServer, sessions: Sessions, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept alive until reading goes on."""
    monkeypatch.setattr("lakeshot.postgres.coordinator.KEEP_ALIVE_SECONDS", 0.05)
    s3, impatient = S3InMemory(), Sessions.of(postgres, database, idle_timeout_seconds=2)
    with Coordinator(impatient, [WANTED], shared=False) as coordinator:
        cut = coordinator.cut(WANTED, readers=1)
        queue = PartQueue(cut.parts)
        queue.pause("replicas lag")
        threading.Timer(3, queue.resume, ["replicas lag"]).start()
        read_by_holder(coordinator, cut, queue, s3)
    assert ids(rows_of(queue.results(), s3)) == list(range(1, ROWS + 1))


def test_a_run_of_one_connection_may_pause_in_the_midst_of_a_part(
    sessions: Sessions, database: Database
) -> None:
    """Rows that were sent already are not worked on before the pause is over."""
    happened: list[str] = []
    pace = Trigger(1, lambda: pace.pause("replicas lag"))
    with Coordinator(sessions, [WANTED], shared=False) as coordinator:
        cut = coordinator.cut(WANTED, readers=1)
        queue = PartQueue(cut.parts, pace=pace, on_progress=lambda _: happened.append("read"))

        def resume() -> None:
            until(lambda: pace.pauses)
            time.sleep(1.5 * PAUSE_SECONDS)
            happened.append("resumed")
            queue.resume("replicas lag")

        with ThreadPoolExecutor(1) as pool:
            pool.submit(resume)
            read_by_holder(coordinator, cut, queue, S3InMemory())
    assert happened[0] == "resumed"
    assert happened.count("read") >= len(cut.parts)


def test_a_wrong_password_is_told_without_it(sessions: Sessions, database: Database, s3: S3InMemory) -> None:
    """By the run, as no reader could read."""

    async def refused() -> asyncpg.Connection:
        raise SourceError("the password was refused")

    with Coordinator(sessions, [WANTED]) as coordinator, reading(coordinator, WANTED) as run:
        broken = replace(run.reader, connect=refused)
        assert broken(0) == 0
        with pytest.raises(SourceError, match="the last failure: the password was refused"):
            run.queue.results()


def test_processes_read_and_one_of_them_is_killed(
    sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    """What it had finished stays with the driver; what it had begun is read by the other."""

    def kill() -> None:
        victim = next(each.pid for each in multiprocessing.active_children() if each.name == "reader-1")
        assert victim is not None
        os.kill(victim, signal.SIGKILL)

    caplog.set_level("WARNING", logger="lakeshot")
    killing = Until(lambda: len(run.queue._assigned) == 2, kill)
    with Coordinator(sessions, [WANTED]) as coordinator, reading(coordinator, WANTED, pace=killing) as run:
        reader = replace(run.reader, connect=WithoutS3(sessions))
        run_in_processes(reader, 2)
        results = run.queue.results()
    assert sum(result.source_count for result in results) == ROWS
    assert [result.part for result in results] == list(range(len(run.cut.parts)))
    assert [result.attempt for result in results].count(1) == 1
    assert "the process of reader 1 ended with -9" in caplog.text
