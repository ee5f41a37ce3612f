"""How often a table was read is told by what its own readers did, whatever others do with it."""

import pytest

from lakeshot.driver.pages_read import PagesRead
from lakeshot.driver.part_queue import PartQueue
from lakeshot.postgres.coordinator import Coordinator
from lakeshot.postgres.cutting import Cut
from lakeshot.postgres.own_reads import pages_words
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.in_memory.s3 import S3InMemory
from tests.unit.postgres.reading_runs import Trigger, read_by_holder, reading
from tests.unit.postgres.sessions import Sessions, source

FILLED = "INSERT INTO t SELECT i, repeat('x', 700) FROM generate_series(1, 10000) AS i; ANALYZE t"
WHOLE = f"CREATE TABLE t (i int PRIMARY KEY, x text); {FILLED}"
PARTITIONED = f"""
    CREATE TABLE t (i int, x text) PARTITION BY RANGE (i);
    CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (5001);
    CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (5001) TO (20000); {FILLED}
"""


@pytest.fixture(autouse=True)
def s3(monkeypatch: pytest.MonkeyPatch) -> S3InMemory:
    made = S3InMemory()
    monkeypatch.setattr("lakeshot.postgres.reader.s3_client", lambda _: made)
    monkeypatch.setattr("lakeshot.postgres.part_sizes.SMALLEST_BYTES", 1024**2)
    return made


@pytest.mark.parametrize("version", ["postgres", "postgres_13"])
@pytest.mark.parametrize("made", [WHOLE, PARTITIONED])
def test_a_table_is_read_once(request: pytest.FixtureRequest, version: str, made: str) -> None:
    """Also if somebody else reads it again and again meanwhile."""
    server: PostgresServer = request.getfixturevalue(version)
    database = server.create_database("read_once")
    database.execute(made)
    pace = Trigger(2, lambda: database.query("SELECT count(x) FROM t"))
    with Coordinator(Sessions.of(server, database), [source(table="t")]) as coordinator:
        with reading(coordinator, source(table="t"), pace=pace) as run:
            run.by_threads(2)
        assert len(run.queue.results()) >= 2
    server.drop_database("read_once")
    read = run.queue.pages
    assert read.is_all
    assert run.cut.pages <= read.looked < 1.1 * run.cut.pages
    assert 0 <= read.cached <= read.looked


def test_one_connection_that_reads_alone_counts_what_it_reads(
    postgres: PostgresServer, database: Database, s3: S3InMemory
) -> None:
    """And nothing of what it read before, to cut parts."""
    database.execute(WHOLE)
    with Coordinator(Sessions.of(postgres, database), [source(table="t")], shared=False) as coordinator:
        coordinator.run(lambda connection: connection.fetch("SELECT count(x) FROM public.t"))
        cut = coordinator.cut(source(table="t"), readers=1)
        queue = PartQueue(cut.parts)
        read_by_holder(coordinator, cut, queue, s3)
    assert cut.pages <= queue.pages.looked < 1.1 * cut.pages


def test_what_an_attempt_read_that_came_to_nothing_is_not_known(
    postgres: PostgresServer, database: Database
) -> None:
    """Its session took the count with it, so what is told is the least."""
    database.execute(WHOLE)
    wanted = source(table="t")
    with (
        Coordinator(Sessions.of(postgres, database), [wanted]) as coordinator,
        reading(coordinator, wanted) as run,
    ):
        run.queue.next("a reader that vanishes")
        run.queue.leave("a reader that vanishes")
        run.by_threads(2)
    assert not run.queue.pages.is_all
    assert run.queue.pages.looked >= run.cut.pages


def test_a_view_has_no_pages(postgres: PostgresServer, database: Database) -> None:
    """So nothing is told of them."""
    database.execute("CREATE VIEW v AS SELECT 1 AS a; CREATE TABLE empty (a int)")
    for name in ("v", "empty"):
        with Coordinator(Sessions.of(postgres, database), [source(table=name)]) as coordinator:
            assert pages_words(coordinator.cut(source(table=name), readers=2), PagesRead()) == []


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (PagesRead(looked=75_312, cached=66_275), "1.0 times (12 % not from the server's cache)"),
        (PagesRead(looked=150_000, cached=150_000), "2.0 times (0 % not from the server's cache)"),
        (PagesRead(looked=80_000, is_all=False), "at least 1.1 times (100 % not from the server's cache)"),
        (PagesRead(is_all=False), "at least 0.0 times (0 % not from the server's cache)"),
    ],
)
def test_what_was_read_is_told_for_people(read: PagesRead, expected: str) -> None:
    """As multiples of all pages that the table has."""
    cut = Cut(columns=(), parts=(), how="", held=(), pages=75_012)
    assert pages_words(cut, read) == [f"its readers read the table's 75,012 pages {expected}"]
