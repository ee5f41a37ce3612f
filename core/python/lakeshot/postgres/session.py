"""Connections to a server, encrypted and verified, whose every value has one spelling."""

import json
import socket
import ssl
from contextlib import suppress

import asyncpg

from lakeshot.errors import SourceError
from lakeshot.postgres.refused import refused
from lakeshot.postgres.server import Login, Server
from lakeshot.postgres.told import RAISED, told

CONNECT_SECONDS = 30.0
"""How long a server may take to answer; one that a network drops packets to never does."""
OLDEST_VERSION = 10
LONGEST_NAME = 63
"""Bytes of an application's name that a server keeps."""
_SILENT_SECONDS, _ASK_EVERY_SECONDS, _MOST_UNANSWERED = 60, 10, 6
"""Until a silent peer is asked, between questions, and how many stay unanswered before it counts as gone: for
both sides. Networks forget connections that are silent for some minutes, as those of long queries are."""

_SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "iso_8601",
    "bytea_output": "hex",
    "extra_float_digits": "3",  # before 12 no fewer digits hold every number
    "standard_conforming_strings": "on",
    "search_path": "pg_catalog",
    "default_transaction_read_only": "on",
    "row_security": "off",  # a policy that hides rows is an error, not fewer rows
    "max_parallel_workers_per_gather": "0",  # a reader is one process of the server's, as was promised
    "transaction_timeout": "0",  # readers' transactions last as long as the run
    "idle_session_timeout": "0",
    "tcp_keepalives_idle": f"{_SILENT_SECONDS}",  # and the server finds out as well
    "tcp_keepalives_interval": f"{_ASK_EVERY_SECONDS}",
    "tcp_keepalives_count": f"{_MOST_UNANSWERED}",
    "jit": "off",  # compiled anew for every part it costs more than it saves
}
"""``lc_monetary`` stays the database's, because how many digits of money are fractions follows from it."""
_SET = """
SELECT pg_catalog.set_config(name, $1::jsonb ->> name, false) FROM pg_catalog.pg_settings
WHERE $1::jsonb ? name
"""
_NOTICE_WHEN_CLIENT_IS_GONE = "SELECT pg_catalog.set_config('client_connection_check_interval', '10s', false)"
_KEEPALIVE = {
    "TCP_KEEPIDLE": _SILENT_SECONDS,
    "TCP_KEEPINTVL": _ASK_EVERY_SECONDS,
    "TCP_KEEPCNT": _MOST_UNANSWERED,
}


async def connect(
    server: Server,
    login: Login,
    *,
    application_name: str,
    lock_timeout_seconds: float = 30.0,
    statement_timeout_seconds: float = 0.0,
    idle_timeout_seconds: float = 0.0,
    timeout_seconds: float = CONNECT_SECONDS,
) -> asyncpg.Connection:
    """A session that only reads, over TLS to a server whose certificate and name are verified.

    The timeouts are the server's: for a lock, for one statement, and for a transaction that does nothing;
    0 is none. SourceError or PermissionDeniedError that says what to do; ConnectionLostError where trying
    again may help.
    """
    doing = f"connecting to database {server.database!r} at {server} as user {login.user!r}"
    context = _trusting(server)
    try:
        connection = await asyncpg.connect(
            host=server.host,
            port=server.port,
            database=server.database,
            user=login.user,
            password=login.password,
            ssl=context,
            timeout=timeout_seconds,
            server_settings={"application_name": _short(application_name)},
        )
    except RAISED as error:
        raise refused(error, doing, timeout_seconds) from error
    try:
        _keep_alive(connection)
        _check_version(connection, doing)
        timeouts = {
            "lock_timeout": lock_timeout_seconds,
            "statement_timeout": statement_timeout_seconds,
            "idle_in_transaction_session_timeout": idle_timeout_seconds,
        }
        settings = _SETTINGS | {name: f"{round(seconds * 1000)}ms" for name, seconds in timeouts.items()}
        await connection.execute(_SET, json.dumps(settings))
        with suppress(asyncpg.PostgresError):  # since 14, and only on some systems
            await connection.execute(_NOTICE_WHEN_CLIENT_IS_GONE)
    except BaseException as error:
        connection.terminate()
        if isinstance(error, (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            raise told(error, doing) from error
        raise
    return connection


def _trusting(server: Server) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=server.ca_certificates)
    except (ssl.SSLError, ValueError) as error:
        raise SourceError(
            f"the certificates to trust for {server} are not PEM text of certificates; give what stands in a "
            "file such as the bundle that AWS publishes for RDS"
        ) from error


def _keep_alive(connection: asyncpg.Connection) -> None:
    transport = connection._transport  # type: ignore[attr-defined]  # it shows its socket nowhere else
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _check_version(connection: asyncpg.Connection, doing: str) -> None:
    version = connection.get_server_version()
    if version.major < OLDEST_VERSION:
        raise SourceError(
            f"{doing}: the server is PostgreSQL {version.major}.{version.minor}; {OLDEST_VERSION} and later "
            "can be read, so upgrade it"
        )


def _short(name: str) -> str:
    return name.encode()[:LONGEST_NAME].decode(errors="ignore")
