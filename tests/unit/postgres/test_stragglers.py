"""No call that writes to S3 outlives the readers of its run."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import asyncpg
import pytest

from lakeshot.errors import SourceError
from lakeshot.postgres.stragglers import end_stragglers
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.postgres.servers import Session, session
from tests.unit.postgres.waiting import until

CALL = "SELECT pg_catalog.pg_sleep(60) /* aws_s3.query_export_to_s3 */"
WRITING = (
    "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_catalog.pg_sleep(60)%' AND state = 'active'"
)


@contextmanager
def writing(ours: Session, database: Database, *, name: str = "test") -> Iterator[None]:
    """Another session of this name that is in a call which takes a minute."""

    async def write() -> None:
        connection = await database.connect()
        await connection.execute(f"SET application_name TO '{name}'")
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await connection.execute(CALL)
        connection.terminate()

    future = ours.loop.start(write())
    until(lambda: bool(database.query(WRITING)))
    try:
        yield
    finally:
        database.query(f"SELECT pg_terminate_backend(pid) FROM ({WRITING}) AS w")
        future.result()


def test_calls_of_readers_that_are_gone_are_ended(postgres: PostgresServer, database: Database) -> None:
    """Those of this run's name, and then they are over."""
    with session(postgres, database) as ours, writing(ours, database):
        ours.loop.run(end_stragglers(ours.connection))
        assert database.query(WRITING) == []


def test_calls_are_ended_by_a_session_that_holds_its_moment(
    postgres: PostgresServer, database: Database
) -> None:
    """Whose transaction shows who is active as it was at its first look."""
    with session(postgres, database) as ours:
        ours.loop.run(ours.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        ours.loop.run(ours.connection.fetch("SELECT count(*) FROM pg_stat_activity"))
        with writing(ours, database):
            ours.loop.run(end_stragglers(ours.connection))
            assert database.query(WRITING) == []


def test_calls_of_others_go_on(postgres: PostgresServer, database: Database) -> None:
    """Another run's, or somebody's own."""
    with session(postgres, database) as ours, writing(ours, database, name="lakeshot other run-1"):
        ours.loop.run(end_stragglers(ours.connection))
        assert len(database.query(WRITING)) == 1


def test_a_call_that_does_not_end_ends_the_run(
    postgres: PostgresServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing may be committed while it might still write."""
    monkeypatch.setattr("lakeshot.postgres.stragglers._STRAGGLERS", WRITING)
    with session(postgres, database) as ours, writing(ours, database):
        with pytest.raises(
            SourceError, match="still writes files for readers that are gone, by its processes"
        ):
            ours.loop.run(end_stragglers(ours.connection, seconds=0.1))
        assert len(database.query(WRITING)) == 1


def test_a_run_without_stragglers_waits_for_nobody(postgres: PostgresServer, database: Database) -> None:
    """As nearly all are."""
    with session(postgres, database) as ours:
        ours.loop.run(end_stragglers(ours.connection, seconds=0.0))
