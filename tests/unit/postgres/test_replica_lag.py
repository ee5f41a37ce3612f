"""The lag of replication is what real servers say of it, or it is said that they do not."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from lakeshot.errors import SourceError
from lakeshot.postgres.replica_lag import replica_lag
from lakeshot.postgres.server import Login
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.postgres.sessions import Sessions
from tests.unit.postgres.standbys import standby
from tests.unit.postgres.waiting import until


def lag(server: PostgresServer, database: Database, login: Login | None = None) -> float:
    async def asked() -> float:
        connection = await Sessions.of(server, database, login=login)()
        try:
            return await replica_lag(connection)
        finally:
            await connection.close()

    return asyncio.run(asked())


@pytest.fixture(scope="module")
def primary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with PostgresServer.start(tmp_path_factory.mktemp("primary")) as server:
        yield server


@pytest.mark.server
def test_a_standby_that_applies_late_is_behind_by_that(primary: PostgresServer) -> None:
    """Both servers say so, and neither does any more once all is applied, however long nothing happens."""
    database = primary.database()
    with standby(primary, apply_delay_seconds=4) as late:
        primary.execute("CREATE TABLE written (id int)")
        until(lambda: len(late.query("SELECT FROM pg_class WHERE relname = 'written'")) == 1)
        assert lag(late, late.database()) == 0
        primary.execute("INSERT INTO written VALUES (1)")
        until(lambda: lag(late, late.database()) > 1)
        until(lambda: lag(primary, database) > 1)
        until(lambda: late.query("SELECT count(*) FROM written")[0][0] == 1)
        time.sleep(1.5)
        assert lag(late, late.database()) == 0


@pytest.mark.server
def test_a_user_without_the_right_is_told_of_it(primary: PostgresServer) -> None:
    """The view has rows for it, all null, which must not look like a standby that is not behind."""
    database = primary.database()
    primary.create_reader("plain", "secret", database.name)
    login = Login(user="plain", password="secret")
    with standby(primary):
        with pytest.raises(SourceError, match=r"GRANT pg_read_all_stats \(or pg_monitor\) TO it"):
            lag(primary, database, login)
        primary.execute("GRANT pg_read_all_stats TO plain")
        assert lag(primary, database, login) < 10


def test_without_standbys_nothing_is_behind(postgres: PostgresServer, database: Database) -> None:
    """Also for a user that could not see them."""
    database.create_reader("plain", "secret")
    assert lag(postgres, database, Login(user="plain", password="secret")) == 0


def test_aurora_tells_of_all_its_readers(postgres: PostgresServer, database: Database) -> None:
    """Its own function is asked, and no other that happens to have the name; those gone do not count."""
    body = """
        SELECT server_id, session_id, lag, at FROM (VALUES
            ('a', 'MASTER_SESSION_ID', 70000.0::float8, now()), ('b', 'x', 1250.0, now()),
            ('c', 'y', NULL, NULL), ('d', 'z', 90000.0, now() - interval '1 hour')
        ) AS v (server_id, session_id, lag, at)
    """
    function = f"""aurora_replica_status(
        OUT server_id text, OUT session_id text, OUT replica_lag_in_msec float8,
        OUT last_update_timestamp timestamptz
    ) RETURNS SETOF record LANGUAGE sql AS $${body}$$"""
    database.execute(f"CREATE FUNCTION public.{function}")
    assert lag(postgres, database) == 0
    database.execute(f"SET allow_system_table_mods = on; CREATE FUNCTION pg_catalog.{function}")
    assert lag(postgres, database) == 1.25
