"""A server that runs: who may connect and how, as whom it runs, when it ends."""

import asyncio
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from local.free_port import free_port
from local.postgres import binaries, process
from local.postgres.database import Database
from local.postgres.errors import PostgresStartError
from local.postgres.server import PostgresServer

STARTER = """
import sys, time
from pathlib import Path
from local.postgres.server import PostgresServer
server = PostgresServer.start(Path(sys.argv[1]))
print(server.home, server.postmaster_pid, flush=True)
time.sleep(600)
"""


def ask(dsn: str, sql: str, **options: object) -> object:
    """The answer to one statement, over a connection of its own."""

    async def connected() -> object:
        connection = await asyncpg.connect(dsn, **options)  # type: ignore[call-overload]
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(connected())


def is_gone(pid: int) -> bool:
    """Whether a process ends within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


def test_a_login_over_tls_with_the_certificate_verified(postgres: PostgresServer) -> None:
    """The authority's certificate is all a client needs, by name or by address."""
    tls = "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert ask(postgres.dsn(), tls) == "TLSv1.3"
    assert ask(postgres.dsn().replace("localhost", "127.0.0.1"), tls) == "TLSv1.3"


def test_without_tls_nobody_connects(postgres: PostgresServer) -> None:
    """A plain connection is refused before any password is sent."""
    plain = postgres.dsn().replace("sslmode=verify-full", "sslmode=disable")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match=r"no encryption|SSL off"):
        ask(plain, "SELECT 1")


def test_a_certificate_of_another_authority_is_not_trusted(postgres: PostgresServer) -> None:
    """Each server has an authority of its own, which no system knows."""
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(postgres.dsn(), "SELECT 1", ssl=ssl.create_default_context())


def test_a_wrong_password_is_refused(postgres: PostgresServer) -> None:
    """Passwords count on TCP; only the socket trusts whoever reaches it."""
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(postgres.dsn(password="wrong"), "SELECT 1")


def test_a_reader_reads_and_does_nothing_else(postgres: PostgresServer, database: Database) -> None:
    """It sees tables made before and after it was."""
    database.execute("CREATE TABLE before (n int); INSERT INTO before VALUES (1)")
    database.create_reader("b_reader", "it's")
    database.execute("CREATE TABLE after (n int); INSERT INTO after VALUES (2)")
    dsn = postgres.dsn(database.name, "b_reader", "it's")
    assert ask(dsn, "SELECT sum(n) FROM (TABLE before UNION ALL TABLE after) AS tables") == 3
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        ask(dsn, "DELETE FROM before")


def test_databases_are_made_filled_and_dropped(postgres: PostgresServer) -> None:
    """A name is quoted; dropping ends whoever is connected."""
    made = postgres.create_database('a "name"')
    assert made.execute("CREATE TABLE t (n int)") == "CREATE TABLE"
    assert made.execute("INSERT INTO t VALUES ($1), ($2)", 1, 2) == "INSERT 0 2"
    assert [row["n"] for row in made.query("SELECT n FROM t ORDER BY n")] == [1, 2]
    postgres.drop_database('a "name"')
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        made.query("SELECT 1")


def test_a_caller_with_an_event_loop_may_ask(postgres: PostgresServer) -> None:
    """Tests of asynchronous code set up with the same calls."""

    async def inside() -> object:
        return postgres.query("SELECT 1 AS one")[0]["one"]

    assert asyncio.run(inside()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_never_runs_as_root(postgres: PostgresServer) -> None:
    """Real, effective, saved and file system user are the unprivileged account's, or the starter's own."""
    status = Path(f"/proc/{postgres.postmaster_pid}/status").read_text()
    [uids] = [line.split()[1:] for line in status.splitlines() if line.startswith("Uid:")]
    assert "0" not in uids
    assert len(set(uids)) == 1
    assert postgres.data.stat().st_mode & 0o777 == 0o700


def test_both_versions_are_what_they_say(postgres: PostgresServer, postgres_13: PostgresServer) -> None:
    """They run side by side; the server's own number tells."""
    shown = [server.query("SHOW server_version_num")[0][0] for server in (postgres, postgres_13)]
    assert [int(number) // 10000 for number in shown] == [18, 13]


def test_settings_go_before_its_own(tmp_path: Path) -> None:
    """Those that are not given stay as they are for every server."""
    with PostgresServer.start(tmp_path, settings={"shared_buffers": "64MB"}) as server:
        shown = [server.query(f"SHOW {name}")[0][0] for name in ("shared_buffers", "track_io_timing")]
    assert shown == ["64MB", "on"]


def test_stopping_ends_the_server_and_removes_its_data(tmp_path: Path) -> None:
    """Its log is kept; a second one in the same directory is refused while the first runs."""
    with PostgresServer.start(tmp_path) as server:
        pid = server.postmaster_pid
        assert PostgresServer.find(tmp_path) == server
        with pytest.raises(PostgresStartError, match=f"runs in {tmp_path} already"):
            PostgresServer.start(tmp_path)
    assert is_gone(pid)
    assert not server.home.exists()
    assert PostgresServer.find(tmp_path) is None
    assert "ready to accept connections" in server.log_file.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_ends_with_its_starter_however_that_ends(tmp_path: Path) -> None:
    """A starter that is killed can't stop it; its data goes, too."""
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        home, pid = starter.stdout.readline().split()
        starter.kill()
    assert is_gone(int(pid))
    deadline = time.monotonic() + 10
    while Path(home).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(home).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_detached_one_goes_on_until_it_is_stopped(tmp_path: Path) -> None:
    """Another process finds it by its directory and stops it."""
    script = STARTER.replace("argv[1])", "argv[1]), detached=True").replace("time.sleep(600)", "")
    made = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True, check=True
    )
    pid = int(made.stdout.split()[1])
    server = PostgresServer.find(tmp_path)
    assert server is not None
    try:
        assert server.query("SELECT 1 AS one")[0]["one"] == 1
    finally:
        server.stop()
    assert is_gone(pid)
    assert not server.home.exists()


def test_a_server_that_dies_while_starting_shows_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the log says why, and no data stays behind."""
    monkeypatch.setitem(binaries.PLATFORMS, 18, (binaries.this_platform(),))
    monkeypatch.setattr("local.postgres.data_directory.SETTINGS", {"no_such_setting": "on"})
    with pytest.raises(PostgresStartError, match='unrecognized configuration parameter "no_such_setting"'):
        PostgresServer.start(tmp_path)
    assert not (tmp_path / "postgres.json").exists()


def test_missing_programs_are_named_with_what_to_do(tmp_path: Path) -> None:
    """An optional package that npm left out silently is one matter, a version nobody packs another."""
    with pytest.raises(
        PostgresStartError, match=f"PostgreSQL 18 is not installed in {tmp_path}.*make install"
    ):
        binaries.find_native(18, tmp_path)
    with pytest.raises(
        PostgresStartError, match=r"no embedded PostgreSQL 12 for .*; there is 13 for linux-x64"
    ):
        PostgresServer.start(tmp_path, version=12)


def test_a_taken_port_is_not_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may take the port that looked free; another one is tried."""
    taken = socket.create_server(("127.0.0.1", 0))
    ports = [taken.getsockname()[1]]
    monkeypatch.setattr(process, "free_port", lambda: ports.pop() if ports else free_port())
    with taken, PostgresServer.start(tmp_path) as server:
        assert server.query("SELECT 1 AS one")[0]["one"] == 1
