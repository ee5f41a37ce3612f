"""A server's data directory: who may connect and how, and settings for data nobody needs afterwards."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from local.postgres.account import ServerAccount
from local.postgres.certificates import Certificates
from local.postgres.errors import PostgresStartError

SUPERUSER = "postgres"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

ACCESS = """\
# Administration by the socket, which only root and the server's own account can reach; TCP only over TLS.
local    all  all                trust
hostssl  all  all  127.0.0.1/32  scram-sha-256
"""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "wal_level": "replica",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "track_io_timing": "on",
    "password_encryption": "scram-sha-256",
    "ssl": "on",
    "ssl_cert_file": "server.crt",
    "ssl_key_file": "server.key",
    "log_line_prefix": "%m [%p] %q%u@%d %a: ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


def make_data_directory(
    data: Path,
    native: Path,
    account: ServerAccount,
    *,
    password: str,
    certificates: Certificates,
    settings: Mapping[str, str],
) -> None:
    """Make the data directory of a server with one login, SUPERUSER; takes about two seconds.

    ``settings`` go before SETTINGS. Raises PostgresStartError with what initdb said.
    """
    data.mkdir(mode=0o700)
    account.own(data)
    password_file = data.parent / "password"
    _write_secret(password_file, password.encode(), account)
    command = [str(native / "bin" / "initdb"), "--pgdata", str(data), "--username", SUPERUSER]
    command += ["--pwfile", str(password_file), "--encoding", "UTF8", "--locale", "C", "--no-sync"]
    command += ["--auth-local", "trust", "--auth-host", "scram-sha-256"]
    made = subprocess.run(  # noqa: S603 - the pinned PostgreSQL's own program
        command,
        **account.identity(),
        env=ENVIRONMENT,
        cwd=data,
        capture_output=True,
        text=True,
        check=False,
    )
    password_file.unlink()
    if made.returncode != 0:
        raise PostgresStartError(f"initdb failed ({made.returncode}):\n{made.stderr or made.stdout}")
    written = {**SETTINGS, **settings, "unix_socket_directories": str(data)}
    lines = [f"{name} = '{value}'\n" for name, value in written.items()]
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(lines)
    (data / "pg_hba.conf").write_text(ACCESS)
    for name, content in (("server.crt", certificates.certificate), ("server.key", certificates.key)):
        _write_secret(data / name, content, account)


def _write_secret(path: Path, content: bytes, account: ServerAccount) -> None:
    path.touch(0o600)
    path.write_bytes(content)
    account.own(path)
