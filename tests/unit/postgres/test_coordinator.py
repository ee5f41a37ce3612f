"""One connection holds the moment, tells who is in its way, and says when the moment is lost."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from types import SimpleNamespace

import asyncpg
import pytest

from lakeshot.errors import LakeshotError, PermissionDeniedError, SourceError
from lakeshot.postgres.coordinator import Coordinator
from lakeshot.postgres.event_loop import EventLoop
from lakeshot.postgres.server import Login
from lakeshot.postgres.session import connect
from lakeshot.postgres.snapshot import BEGIN, Snapshot, adopt
from lakeshot.postgres.source import PostgresSource
from lakeshot.postgres.told import ConnectionLostError
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.postgres.sessions import MOMENT, Sessions, source
from tests.unit.postgres.waiting import until

ROWS = "SELECT count(*) FROM public.t"


@pytest.fixture
def sessions(postgres: PostgresServer, database: Database) -> Sessions:
    database.execute("CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 10)")
    return Sessions.of(postgres, database)


def count(coordinator: Coordinator) -> int:
    rows: int = coordinator.run(lambda connection: connection.fetchval(ROWS))
    return rows


def seen_by(sessions: Sessions, snapshot: Snapshot) -> int:
    """Rows that another session sees in the snapshot."""

    async def adopted() -> int:
        connection = await sessions()
        try:
            await connection.execute(BEGIN)
            await adopt(connection, snapshot)
            rows: int = await connection.fetchval(ROWS)
            return rows
        finally:
            connection.terminate()

    return asyncio.run(adopted())


def test_all_see_one_moment(sessions: Sessions, database: Database) -> None:
    """Also those that come after others have written; the snapshot can be handed on and on."""
    with Coordinator(sessions, [source(table="t")]) as first:
        database.execute("INSERT INTO t SELECT generate_series(1, 5)")
        with Coordinator(sessions, [source(table="t")], adopted=first.snapshot) as second:
            assert second.snapshot.id != first.snapshot.id
            assert second.snapshot.taken_at == first.snapshot.taken_at
            database.execute("DELETE FROM t WHERE id = 1")
            assert (count(first), count(second)) == (10, 10)
            assert (seen_by(sessions, first.snapshot), seen_by(sessions, second.snapshot)) == (10, 10)
            assert not first.snapshot.is_standby
            assert first.snapshot.server_version >= 180000
    assert database.query("SELECT count(*) FROM t")[0][0] == 13


def test_what_was_handed_on_outlives_its_first_holder(sessions: Sessions, database: Database) -> None:
    """A group's exports need not end together."""
    with Coordinator(sessions, [source(table="t")]) as first:
        database.execute("DELETE FROM t")
        second = Coordinator(sessions, [source(table="t")], adopted=first.snapshot)
        second.__enter__()
    try:
        assert (count(second), seen_by(sessions, second.snapshot)) == (10, 10)
        with pytest.raises(SourceError, match="nobody holds the snapshot any more"):
            seen_by(sessions, first.snapshot)
    finally:
        second.__exit__(None, None, None)


def test_a_reader_that_reaches_another_server_is_told_so(sessions: Sessions) -> None:
    """A name may lead to several replicas, each with snapshots of its own."""
    with Coordinator(sessions, [source(table="t")]) as coordinator:
        elsewhere = coordinator.snapshot.model_copy(
            update={"server": "10.0.0.9", "up_since": MOMENT, "id": "00000099-00000001-1"}
        )
        with pytest.raises(SourceError, match=r"at 10\.0\.0\.9.*but this reader reached the one at .*127\.0"):
            seen_by(sessions, elsewhere)


def test_a_snapshot_of_the_same_name_on_another_server_is_refused(sessions: Sessions) -> None:
    """Names are counted up from each server's start."""
    with Coordinator(sessions, [source(table="t")]) as coordinator:
        elsewhere = coordinator.snapshot.model_copy(update={"server": "10.0.0.9", "up_since": MOMENT})
        with pytest.raises(SourceError, match=r"give an address that leads to one server"):
            seen_by(sessions, elsewhere)
        with pytest.raises(SourceError, match=r"give an address that leads to one server"):
            Coordinator(sessions, [source(table="t")], adopted=elsewhere).__enter__()


def test_all_that_was_committed_until_the_moment_is_seen(
    sessions: Sessions, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is asked before, so what is committed between the two is seen without being of the moment."""
    between: list[datetime] = []

    async def later(connection: asyncpg.Connection, *_: object) -> None:
        database.execute("INSERT INTO t VALUES (11)")
        between.append(database.query("SELECT clock_timestamp()")[0][0])

    monkeypatch.setattr("lakeshot.postgres.holding.lock", later)
    with Coordinator(sessions, [source(table="t")]) as coordinator:
        assert coordinator.snapshot.taken_at < between[0]
        assert count(coordinator) == 11


@pytest.mark.parametrize(
    "attempt",
    [
        "TRUNCATE t",
        "ALTER TABLE t ADD COLUMN more int",
        "DROP TABLE t",
        "VACUUM FULL t",
        "CLUSTER t USING t_id",
    ],
)
def test_nothing_that_would_change_the_table_gets_through(
    sessions: Sessions, database: Database, attempt: str
) -> None:
    """Rows may be written all the same."""
    database.execute("CREATE INDEX t_id ON t (id)")
    with Coordinator(sessions, [source(table="t")]) as coordinator:
        with pytest.raises(asyncpg.LockNotAvailableError):
            _impatiently(database, attempt)
        database.execute("INSERT INTO t VALUES (11)")
        assert count(coordinator) == 10


def _impatiently(database: Database, statement: str) -> None:
    async def run() -> None:
        connection = await database.connect()
        try:
            await connection.execute("SET lock_timeout = '200ms'")
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


class Holder:
    """Somebody's transaction, open until the context is left."""

    def __init__(self, database: Database, *statements: str) -> None:
        self._database, self._statements = database, statements

    def __enter__(self) -> "Holder":
        self._loop = EventLoop().__enter__()
        self._connection = self._loop.run(self._database.connect())
        for statement in ("SET application_name = 'migration'", "BEGIN", *self._statements):
            self._loop.run(self._connection.execute(statement))
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._connection.close())
        self._loop.__exit__(None, None, None)


@pytest.mark.parametrize(
    "wanted",
    [
        source(table="t"),
        source(table="m"),
        source(table="v"),
        source(select="SELECT id FROM public.t"),
    ],
)
def test_a_table_that_somebody_holds_is_told_with_its_holder(
    sessions: Sessions, database: Database, wanted: PostgresSource
) -> None:
    """By process, user, application and since when; not by what the holder runs."""
    database.execute("CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM t")
    kind = "MATERIALIZED VIEW" if wanted.table == "m" else "TABLE"
    name = "m" if wanted.table == "m" else "t"
    with Holder(database, f"ALTER {kind} {name} RENAME TO secretly"):
        patience = Sessions.of(sessions.running, database, lock_timeout_seconds=2.0)
        with pytest.raises(SourceError) as raised, Coordinator(patience, [wanted]):
            pytest.fail("it was not to be entered")
    message = str(raised.value)
    assert "could not be locked for reading" in message
    assert "of user 'postgres' (migration, idle in transaction, in a transaction since 20" in message
    assert "secretly" not in message


def test_a_table_rewritten_before_it_could_be_locked_is_seen_as_it_is(
    sessions: Sessions, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would look empty in the snapshot that was taken before, so another one is taken."""
    database.execute("CREATE MATERIALIZED VIEW m AS SELECT * FROM t")
    moments: list[str] = []

    async def late(connection: asyncpg.Connection, relation: str) -> None:
        if not moments:
            other = await database.connect()
            await other.execute("REFRESH MATERIALIZED VIEW m")
            await other.close()
        moments.append(relation)
        await connection.execute(f"SELECT FROM {relation} LIMIT 0")

    monkeypatch.setattr("lakeshot.postgres.relations_read.lock_by_reading", late)
    with Coordinator(sessions, [source(table="m")]) as coordinator:
        rows = coordinator.run(lambda connection: connection.fetchval("SELECT count(*) FROM public.m"))
    assert (rows, moments) == (10, ['"public"."m" AS "m"'] * 2)


def test_a_user_with_rights_on_columns_only_reads_these(postgres: PostgresServer, database: Database) -> None:
    """LOCK TABLE would refuse it; a SELECT locks as well."""
    database.execute("""
        CREATE TABLE half (id int, secret text); INSERT INTO half VALUES (1, 'x');
        DROP ROLE IF EXISTS half_reader; CREATE ROLE half_reader LOGIN PASSWORD 'p';
        GRANT USAGE ON SCHEMA public TO half_reader; GRANT SELECT (id) ON half TO half_reader
    """)
    sessions = Sessions.of(postgres, database, login=Login(user="half_reader", password="p"))
    with Coordinator(sessions, [source(table="half", columns=["id"])]) as coordinator:
        cut = coordinator.cut(source(table="half", columns=["id"]), readers=2)
        with pytest.raises(asyncpg.LockNotAvailableError):
            _impatiently(database, "TRUNCATE half")
    assert [column.name for column in cut.columns] == ["id"]
    for more in ({"where": "id > 0"}, {"split_by": "id"}):
        wanted = source(table="half", columns=["id"], **more)
        with Coordinator(sessions, [wanted]) as coordinator:
            assert coordinator.cut(wanted, readers=2).parts
    with pytest.raises(
        PermissionDeniedError, match=r'may not read "secret" of .* GRANT SELECT ON "public"."half" TO "half'
    ):
        Coordinator(sessions, [source(table="half")]).__enter__()


def test_policies_that_hide_rows_are_refused(postgres: PostgresServer, database: Database) -> None:
    """An export would lack rows, and nobody would know."""
    database.execute("""
        CREATE TABLE mine (id int); ALTER TABLE mine ENABLE ROW LEVEL SECURITY;
        DROP ROLE IF EXISTS policed; CREATE ROLE policed LOGIN PASSWORD 'p';
        GRANT SELECT ON mine TO policed
    """)
    sessions = Sessions.of(postgres, database, login=Login(user="policed", password="p"))
    with pytest.raises(SourceError, match=r'row level security .* ALTER ROLE "policed" BYPASSRLS'):
        Coordinator(sessions, [source(table="mine")]).__enter__()


def test_no_right_to_the_schema_is_told_with_the_grant(postgres: PostgresServer, database: Database) -> None:
    """Both that are needed."""
    database.execute("""
        CREATE SCHEMA closed; CREATE TABLE closed.t (id int);
        DROP ROLE IF EXISTS outsider; CREATE ROLE outsider LOGIN PASSWORD 'p'
    """)
    sessions = Sessions.of(postgres, database, login=Login(user="outsider", password="p"))
    grants = 'GRANT USAGE ON SCHEMA "closed" TO "outsider"; GRANT SELECT ON "closed"."t" TO "outsider"'
    with pytest.raises(PermissionDeniedError, match=grants):
        Coordinator(sessions, [source(schema="closed", table="t")]).__enter__()


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (source(table="T"), "has no table 'T'; close to it: public.t"),
        (source(schema="Public", table="t"), "has no schema 'Public'.*close to it: public.t, public"),
        (source(table="t_seq"), "public.t_seq is a sequence"),
        (source(select="SELECT nope FROM public.t"), "'select' is refused in line 1, column 8, near 'nope"),
        (source(select="DELETE FROM public.t RETURNING id"), "'select' is refused"),
    ],
)
def test_what_is_not_there_is_told_before_anything_is_locked(
    sessions: Sessions, database: Database, wanted: PostgresSource, message: str
) -> None:
    """With what is close to it."""
    database.execute("CREATE SEQUENCE t_seq")
    with pytest.raises(SourceError, match=message):
        Coordinator(sessions, [wanted]).__enter__()


def test_a_server_that_shares_no_snapshot_leaves_a_choice(
    postgres: PostgresServer, database: Database
) -> None:
    """To reach another, or to read alone."""
    database.execute("""
        CREATE TABLE t (id int); INSERT INTO t VALUES (1);
        DROP ROLE IF EXISTS alone; CREATE ROLE alone LOGIN PASSWORD 'p'; GRANT SELECT ON t TO alone;
        REVOKE EXECUTE ON FUNCTION pg_catalog.pg_export_snapshot() FROM PUBLIC
    """)
    sessions = Sessions.of(postgres, database, login=Login(user="alone", password="p"))
    with pytest.raises(SourceError, match=r"GRANT EXECUTE ON .*, or set 'consistency: single'"):
        Coordinator(sessions, [source(table="t")]).__enter__()
    with Coordinator(sessions, [source(table="t")], shared=False) as coordinator:
        assert (coordinator.snapshot.id, count(coordinator)) == (None, 1)


@pytest.fixture
def losses(monkeypatch: pytest.MonkeyPatch) -> Callable[[Coordinator], LakeshotError]:
    """Waits for what a coordinator tells of its end."""
    monkeypatch.setattr("lakeshot.postgres.coordinator.KEEP_ALIVE_SECONDS", 0.05)

    def lost(coordinator: Coordinator) -> LakeshotError:
        told: list[LakeshotError] = []
        heard = Event()

        def note(error: LakeshotError) -> None:
            told.append(error)
            heard.set()

        coordinator.when_lost(note)
        assert heard.wait(10)
        time.sleep(0.2)
        assert len(told) == 1
        return told[0]

    return lost


def test_a_broken_connection_is_told(
    sessions: Sessions, database: Database, losses: Callable[[Coordinator], LakeshotError]
) -> None:
    """Once, and also to those who ask later."""
    with Coordinator(sessions, [source(table="t")]) as coordinator:
        database.execute("SELECT pg_terminate_backend($1)", coordinator.connection.get_server_pid())
        error = losses(coordinator)
        assert isinstance(error, ConnectionLostError)
        assert "the connection that held the snapshot broke" in str(error)
        assert losses(coordinator) is error
        with pytest.raises(ConnectionLostError):
            count(coordinator)


@pytest.fixture
def pass_minutes(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Has a coordinator find that so much time has passed."""
    passed = [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + passed[0])
    monkeypatch.setattr("lakeshot.postgres.coordinator.time", clock)

    def add(minutes: float) -> None:
        passed[0] += minutes * 60

    return add


def test_a_snapshot_is_held_no_longer_than_it_may(
    sessions: Sessions,
    database: Database,
    losses: Callable[[Coordinator], LakeshotError],
    pass_minutes: Callable[[float], None],
) -> None:
    """A warning comes before, with what it keeps the database from."""
    warnings: list[str] = []
    with Coordinator(
        sessions, [source(table="t")], max_snapshot_minutes=60, on_warning=warnings.append
    ) as coordinator:
        database.execute("INSERT INTO t VALUES (1)")
        database.execute("INSERT INTO t VALUES (1)")
        until(lambda: coordinator.xmin_age == 2)
        pass_minutes(50)
        until(lambda: warnings)
        pass_minutes(10)
        error = losses(coordinator)
        assert coordinator.connection.is_closed()
    assert "'max_snapshot_minutes' allows" in str(error)
    assert len(warnings) == 1
    assert "keeps the database from removing rows that died in the last 2 transactions" in warnings[0]


def test_minutes_count_from_when_the_snapshot_was_taken(
    sessions: Sessions, losses: Callable[[Coordinator], LakeshotError]
) -> None:
    """Also for whom it was handed to."""
    with Coordinator(sessions, [source(table="t")]) as first:
        early = first.snapshot.model_copy(update={"taken_at": first.snapshot.taken_at - timedelta(minutes=9)})
        with Coordinator(
            sessions, [source(table="t")], adopted=early, max_snapshot_minutes=9.005
        ) as coordinator:
            assert "held for 9 minutes" in str(losses(coordinator))
            with pytest.raises(SourceError, match="held for 9 minutes"):
                coordinator.check()


def test_whatever_keeps_the_snapshot_from_being_kept_is_its_loss(
    sessions: Sessions,
    losses: Callable[[Coordinator], LakeshotError],
    pass_minutes: Callable[[float], None],
) -> None:
    """Also what nobody thought of; and somebody who cannot hear of it keeps nobody else from it."""

    def refuse(_: str) -> None:
        raise RuntimeError("odd")

    def deaf(_: LakeshotError) -> None:
        raise RuntimeError("deaf")

    with Coordinator(
        sessions, [source(table="t")], max_snapshot_minutes=60, on_warning=refuse
    ) as coordinator:
        coordinator.when_lost(deaf)
        pass_minutes(50)
        assert "the connection that held the snapshot broke (RuntimeError)" in str(losses(coordinator))
        assert coordinator.connection.is_closed()


def test_a_login_whose_transactions_are_to_be_short_reads_all_the_same(
    sessions: Sessions, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an administrator may have set for all."""
    monkeypatch.setattr("lakeshot.postgres.coordinator.KEEP_ALIVE_SECONDS", 0.05)
    database.execute(f"""
        ALTER DATABASE {database.name} SET transaction_timeout = '400ms';
        ALTER DATABASE {database.name} SET idle_in_transaction_session_timeout = '400ms'
    """)
    with Coordinator(sessions, [source(table="t")]) as coordinator:
        time.sleep(1.0)
        assert count(coordinator) == 10


def test_an_idle_transaction_is_kept_alive(
    postgres: PostgresServer, database: Database, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However soon the server ends those that are idle."""
    monkeypatch.setattr("lakeshot.postgres.coordinator.KEEP_ALIVE_SECONDS", 0.05)
    impatient = Sessions.of(postgres, database, idle_timeout_seconds=2)
    with Coordinator(impatient, [source(table="t")]) as coordinator:
        time.sleep(3)
        assert count(coordinator) == 10


def test_leaving_ends_the_session(sessions: Sessions, database: Database) -> None:
    """And its locks."""
    with Coordinator(sessions, [source(table="t")]) as coordinator:
        pid = coordinator.connection.get_server_pid()
    until(lambda: not database.query("SELECT FROM pg_stat_activity WHERE pid = $1", pid))
    database.execute("TRUNCATE t")


def test_connecting_is_done_as_configured(postgres: PostgresServer, database: Database) -> None:
    """What cannot connect is told by what connects."""

    async def refused() -> asyncpg.Connection:
        return await connect(
            Sessions.of(postgres, database).server,
            Login(user="nobody", password="wrong"),
            application_name="test",
        )

    with pytest.raises(PermissionDeniedError):
        Coordinator(refused, [source(table="t")]).__enter__()
