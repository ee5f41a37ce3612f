"""Sessions are encrypted, verified and set alike; whoever cannot have one is told why, and no secret."""

import asyncio
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from lakeshot.errors import LakeshotError, PermissionDeniedError, SourceError
from lakeshot.postgres.server import Login, Server
from lakeshot.postgres.session import connect
from lakeshot.postgres.told import ConnectionLostError, told
from local.postgres.certificates import make_certificates
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.postgres.servers import reached, session, superuser

SECRET = "pa55word-of-nobody"


@pytest.fixture
def reader(database: Database) -> Login:
    """A login that may read the tables that are made from now on."""
    database.create_reader("reader", SECRET)
    return Login(user="reader", password=SECRET)


def refusal(server: Server, login: Login, **timeouts: float) -> LakeshotError:
    """What is raised, without the password in any message, not even of a cause."""

    async def refused() -> None:
        try:
            await connect(server, login, application_name="test", **timeouts)
        finally:
            await asyncio.sleep(0.2)  # the driver leaves some sockets to be closed by the server

    with pytest.raises(LakeshotError) as raised:
        asyncio.run(refused())
    error: BaseException | None = raised.value
    while error is not None:
        assert login.password not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__
    return raised.value


def test_a_session_prints_every_value_the_same_way(postgres: PostgresServer, database: Database) -> None:
    """Whatever the database and its role are set to by default, the session's own settings hold."""
    for setting in (
        "TimeZone = 'Asia/Kolkata'",
        "DateStyle = 'German'",
        "IntervalStyle = 'sql_standard'",
        "bytea_output = 'escape'",
        "extra_float_digits = 0",
    ):
        database.execute(f"ALTER DATABASE {database.name} SET {setting}")
    with session(postgres, database) as ours:
        row = ours.loop.run(
            ours.connection.fetchrow(
                "SELECT timestamptz '2026-11-22 09:05:00.25+01' :: text, date '2026-11-22' :: text, "
                "interval '1 day 2 hours' :: text, '\\x00ff'::bytea::text, "
                "(0.1::float8 + 0.2::float8)::text, pg_catalog.current_setting('search_path')"
            )
        )
    assert tuple(row or ()) == (
        "2026-11-22 08:05:00.25+00",
        "2026-11-22",
        "P1DT2H",
        "\\x00ff",
        "0.30000000000000004",
        "pg_catalog",
    )


def test_a_session_says_who_it_is_and_only_reads(postgres: PostgresServer, database: Database) -> None:
    """The name stands in pg_stat_activity, cut to what the server keeps; writing is refused."""
    long = "lakeshot orders " + "é" * 60
    with session(postgres, database) as ours:
        connection = ours.loop.run(
            connect(reached(postgres, database.name), superuser(postgres), application_name=long)
        )
        name = ours.loop.run(connection.fetchval("SHOW application_name"))
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError) as refused:
            ours.loop.run(connection.execute("CREATE TABLE public.t ()"))
        connection.terminate()
    assert name.startswith("lakeshot orders ")
    assert "may only read" in str(told(refused.value, "reading"))


def test_timeouts_are_the_servers(postgres: PostgresServer, database: Database) -> None:
    """Seconds are set for locks, statements and idle transactions; a statement over its time is told."""

    async def settings() -> list[str]:
        connection = await connect(
            reached(postgres, database.name),
            superuser(postgres),
            application_name="test",
            lock_timeout_seconds=1.5,
            statement_timeout_seconds=1.2,
            idle_timeout_seconds=60,
        )
        names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        values = [await connection.fetchval(f"SHOW {name}") for name in names]
        try:
            await connection.execute("SELECT pg_sleep(20)")
        except asyncpg.PostgresError as error:
            values.append(str(told(error, "reading")))
        connection.terminate()
        return values

    *values, slow = asyncio.run(settings())
    assert values == ["1500ms", "1200ms", "1min"]
    assert "statement_timeout" in slow


def test_keepalives_find_a_peer_that_is_gone(postgres: PostgresServer, database: Database) -> None:
    """The socket asks a silent server whether it is there, as networks forget silent connections."""
    with session(postgres, database) as ours:
        sock = ours.connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
        names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
        asks = [ours.loop.run(ours.connection.fetchval(f"SHOW {name}")) for name in names]
        assert asks == ["60", "10", "6"], (
            "the server asks as well, and frees the snapshot of one that is gone"
        )


def test_a_wrong_password(postgres: PostgresServer, database: Database, reader: Login) -> None:
    error = refusal(reached(postgres, database.name), Login(user="reader", password="wr0ng-secret"))
    assert isinstance(error, PermissionDeniedError)
    assert 'password authentication failed for user "reader"' in str(error)
    assert "in the secret" in str(error)


def test_an_unknown_user_and_one_that_may_not_log_in(postgres: PostgresServer, database: Database) -> None:
    database.execute(f"CREATE ROLE nologin PASSWORD '{SECRET}'")
    try:
        for user in ("nobody", "nologin"):
            error = refusal(reached(postgres, database.name), Login(user=user, password=SECRET))
            assert isinstance(error, PermissionDeniedError), user
            assert user in str(error)
    finally:
        database.execute("DROP ROLE nologin")


def test_an_unknown_database(postgres: PostgresServer) -> None:
    error = refusal(reached(postgres, "nowhere"), superuser(postgres))
    assert type(error) is SourceError
    assert "database 'nowhere'" in str(error)
    assert "there is no such database" in str(error)


def test_a_database_nobody_may_connect_to(
    postgres: PostgresServer, database: Database, reader: Login
) -> None:
    database.execute(f"REVOKE CONNECT ON DATABASE {database.name} FROM public, reader")
    error = refusal(reached(postgres, database.name), reader)
    assert isinstance(error, PermissionDeniedError)
    assert "permission denied for database" in str(error)


def test_a_full_server(postgres: PostgresServer, database: Database, reader: Login) -> None:
    database.execute("ALTER ROLE reader CONNECTION LIMIT 0")
    try:
        error = refusal(reached(postgres, database.name), reader)
    finally:
        database.execute("ALTER ROLE reader CONNECTION LIMIT -1")
    assert "too many connections" in str(error)
    assert "lower 'readers'" in str(error)
    assert isinstance(error, ConnectionLostError), "a reader tries again"


def test_what_the_driver_says_itself_is_told_in_its_words() -> None:
    """It has no message as the server's errors have; and until a connection is closed it is being lost."""
    broken = told(asyncpg.ConnectionDoesNotExistError("connection was closed"), "reading")
    assert str(broken).startswith("reading: connection was closed (08003); the database ended")
    ending = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    assert isinstance(told(ending, "reading"), ConnectionLostError)
    assert not isinstance(told(asyncpg.InternalClientError("odd"), "reading"), ConnectionLostError)


def test_a_port_where_nothing_listens(postgres: PostgresServer) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        server = reached(postgres, "postgres").model_copy(update={"port": held.getsockname()[1]})
        error = refusal(server, superuser(postgres))
    assert isinstance(error, ConnectionLostError)
    assert "nothing listens there" in str(error)


def test_a_host_that_never_answers(postgres: PostgresServer) -> None:
    """As where a security group drops packets: the listener's queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=1) as silent:
        server = Server(host="localhost", port=silent.getsockname()[1], database="d")
        error = refusal(server, superuser(postgres), timeout_seconds=0.3)
    assert isinstance(error, ConnectionLostError)
    assert "security group" in str(error)


def test_a_host_nobody_knows(postgres: PostgresServer) -> None:
    server = reached(postgres, "postgres").model_copy(update={"host": "database.invalid"})
    error = refusal(server, superuser(postgres))
    assert type(error) is SourceError
    assert "database.invalid" in str(error)
    assert "not known" in str(error)


def test_a_certificate_of_an_authority_nobody_trusts(postgres: PostgresServer) -> None:
    """Neither one of another authority than the one given, nor one that the system does not know."""
    for authority in (make_certificates().authority.decode(), None):
        server = reached(postgres, "postgres").model_copy(update={"ca_certificates": authority})
        error = refusal(server, superuser(postgres))
        assert type(error) is SourceError
        assert "its certificate is not trusted" in str(error)


def test_a_certificate_for_another_name(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads to the same server, but is not in its certificate."""
    resolve = socket.getaddrinfo

    def elsewhere(host: object, *given: object, **named: object) -> object:
        return resolve("localhost" if host == "db.example" else host, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", elsewhere)
    server = reached(postgres, "postgres").model_copy(update={"host": "db.example"})
    error = refusal(server, superuser(postgres))
    assert type(error) is SourceError
    assert "for another name" in str(error)


@pytest.fixture
def without_tls(postgres: PostgresServer) -> Iterator[None]:
    admin = postgres.database()
    admin.execute("ALTER SYSTEM SET ssl = off")
    _reload(admin, "off")
    yield
    admin.execute("ALTER SYSTEM RESET ssl")
    _reload(admin, "on")


def _reload(admin: Database, wanted: str) -> None:
    admin.execute("SELECT pg_reload_conf()")
    until = datetime.now(UTC) + timedelta(seconds=20)
    while admin.query("SHOW ssl")[0][0] != wanted:
        assert datetime.now(UTC) < until


@pytest.mark.usefixtures("without_tls")
def test_a_server_without_tls(postgres: PostgresServer) -> None:
    """Nothing, and no password least of all, is sent to one."""
    error = refusal(reached(postgres, "postgres"), superuser(postgres))
    assert type(error) is SourceError
    assert "refuses TLS" in str(error)


def test_certificates_that_are_none(postgres: PostgresServer) -> None:
    for text in ("no certificate", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"):
        server = reached(postgres, "postgres").model_copy(update={"ca_certificates": text})
        assert "PEM" in str(refusal(server, superuser(postgres)))


def test_a_server_that_is_too_old(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakeshot.postgres.session.OLDEST_VERSION", 99)
    error = refusal(reached(postgres, "postgres"), superuser(postgres))
    assert "PostgreSQL 18." in str(error)
    assert "99 and later" in str(error)


def test_version_13_takes_the_same_settings(postgres_13: PostgresServer) -> None:
    """What a server does not know yet, such as noticing that a client is gone, is left out."""
    with session(postgres_13, postgres_13.database()) as ours:
        assert ours.loop.run(ours.connection.fetchval("SHOW jit")) == "off"


def test_a_login_shows_no_password() -> None:
    login = Login(user="reader", password=SECRET)
    assert SECRET not in f"{login} {login!r}"
