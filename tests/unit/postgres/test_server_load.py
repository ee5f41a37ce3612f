"""What reading costs is told by the server's own counters."""

import pytest

from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.own_session import OwnSession
from lakeshot.postgres.server_load import Heap, ServerLoad, heap_of, load_words, server_load
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.postgres.sessions import Sessions, source

BEFORE = ServerLoad(
    counter="10.0.0.1 2026-11-22",
    pages_read=1_000,
    pages_cached=5_000,
    rows=10_000,
    wait_ms=500.0,
    is_timed=True,
    leaf_pages_read=100,
    leaf_pages_cached=200,
)
FILLED = "INSERT INTO t SELECT i, repeat('x', 700) FROM generate_series(1, 100) AS i"
PARTITIONS = """
    CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (51);
    CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (51) TO (1000)
"""
AFTER = ServerLoad(
    counter="10.0.0.1 2026-11-22",
    pages_read=11_000,
    pages_cached=75_000,
    rows=1_010_000,
    wait_ms=4_000.0,
    is_timed=True,
    leaf_pages_read=9_101,
    leaf_pages_cached=66_211,
)


def test_a_table_is_told_by_how_often_it_was_read() -> None:
    """And the database by all that was read in it meanwhile, by whomever."""
    assert load_words(Heap(leaves=(1,), pages=75_012), BEFORE, AFTER) == (
        "the table was read 1.0 times by all sessions together (75,012 pages, 12 % not from the server's "
        "cache); of the whole database 80,000 pages were read meanwhile (12 % not from the cache, which "
        "took 3.5 s) and 1,000,000 rows"
    )


def test_a_server_that_takes_no_times_tells_none() -> None:
    """As it is with track_io_timing off, by default; nor has a query a table of its own."""
    assert load_words(Heap(), BEFORE, AFTER.model_copy(update={"is_timed": False})) == (
        "of the whole database 80,000 pages were read meanwhile (12 % not from the cache) and 1,000,000 rows"
    )


def test_counters_that_began_anew_are_not_compared() -> None:
    """After a restart, a reset, or on another server behind the same name."""
    assert load_words(Heap(), BEFORE, AFTER.model_copy(update={"counter": "10.0.0.2 2026"})) == (
        "the database's counters began anew meanwhile, or another server answered"
    )


@pytest.mark.parametrize(
    ("made", "pages"),
    [
        ("CREATE TABLE t (a text)", 0),
        (f"CREATE TABLE t (i int, x text); {FILLED}", 10),
        (
            f"CREATE TABLE t (i int, x text) PARTITION BY RANGE (i); {PARTITIONS}; {FILLED}",
            10,
        ),
        ("CREATE VIEW t AS SELECT 1 AS a", 0),
    ],
)
def test_the_pages_of_a_table_are_those_of_all_that_belongs_to_it(
    postgres: PostgresServer, database: Database, made: str, pages: int
) -> None:
    """A view has none."""
    database.execute(made)
    with EventLoop() as loop:
        session = OwnSession(Sessions.of(postgres, database), loop)
        heap = session.ask(lambda connection: heap_of(connection, source(table="t")))
        load = session.ask(lambda connection: server_load(connection, heap))
        session.close()
    assert heap.pages == pages
    assert load.leaf_pages_read + load.leaf_pages_cached >= pages


def test_a_session_that_broke_is_made_anew(postgres: PostgresServer, database: Database) -> None:
    """A look that comes an hour after the one before finds a connection, or makes it."""
    with EventLoop() as loop:
        session = OwnSession(Sessions.of(postgres, database), loop)
        first = session.ask(lambda connection: connection.fetchval("SELECT pg_backend_pid()"))
        database.execute("SELECT pg_terminate_backend($1)", first)
        second = session.ask(lambda connection: connection.fetchval("SELECT pg_backend_pid()"))
        session.close()
    assert second != first
