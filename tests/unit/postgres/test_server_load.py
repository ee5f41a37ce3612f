"""What is read of a database is told by the server's own counters."""

from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.own_session import OwnSession
from lakeshot.postgres.server_load import ServerLoad, load_words
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.postgres.sessions import Sessions

BEFORE = ServerLoad(
    counter="10.0.0.1 2026-11-22",
    pages_read=1_000,
    pages_cached=5_000,
    rows=10_000,
    wait_ms=500.0,
    is_timed=True,
)
AFTER = ServerLoad(
    counter="10.0.0.1 2026-11-22",
    pages_read=11_000,
    pages_cached=75_000,
    rows=1_010_000,
    wait_ms=4_000.0,
    is_timed=True,
)


def test_a_database_is_told_by_all_that_was_read_in_it() -> None:
    """By whomever."""
    assert load_words(BEFORE, AFTER) == (
        "of the whole database 80,000 pages were read meanwhile by all sessions together (12 % not from the "
        "server's cache, which took 3.5 s) and 1,000,000 rows"
    )


def test_a_server_that_takes_no_times_tells_none() -> None:
    """As it is with track_io_timing off, by default."""
    assert "not from the server's cache) and" in load_words(
        BEFORE, AFTER.model_copy(update={"is_timed": False})
    )


def test_counters_that_began_anew_are_not_compared() -> None:
    """After a restart, a reset, or on another server behind the same name."""
    assert load_words(BEFORE, AFTER.model_copy(update={"counter": "10.0.0.2 2026"})) == (
        "the database's counters began anew meanwhile, or another server answered"
    )


def test_a_session_that_broke_is_made_anew(postgres: PostgresServer, database: Database) -> None:
    """A look that comes an hour after the one before finds a connection, or makes it."""
    with EventLoop() as loop:
        session = OwnSession(Sessions.of(postgres, database), loop)
        first = session.ask(lambda connection: connection.fetchval("SELECT pg_backend_pid()"))
        database.execute("SELECT pg_terminate_backend($1)", first)
        second = session.ask(lambda connection: connection.fetchval("SELECT pg_backend_pid()"))
        session.close()
    assert second != first
