"""Makes the extension available on a server, and gives that server a role, as a cluster has one.

``CREATE EXTENSION aws_s3 CASCADE`` then works in each of its databases.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from local.postgres.account import server_account
from local.postgres.database import Database, literal, quoted
from local.postgres.errors import PostgresStartError
from local.postgres.server import PostgresServer
from local.settings import REPOSITORY

EXTENSION = Path(__file__).parent / "extension"
FILE_BYTES = 6 * 10**9
OLDEST = 18
SHOWN_SECONDS = 10


def offer(server: PostgresServer, *, region: str = "us-east-1", file_bytes: int = FILE_BYTES) -> None:
    """Offer the extension; a file is closed, and the next begun, at the first row end after ``file_bytes``.

    What uploads ends with the server. Raises PostgresStartError for a server older than 18, which can't
    read an extension from elsewhere than its installation.
    """
    if server.version < OLDEST:
        raise PostgresStartError(
            f"aws_s3 needs an embedded PostgreSQL {OLDEST} or newer; this one is {server.version}"
        )
    extensions = server.home / "extension"
    extensions.mkdir()
    extensions.chmod(0o755)
    for source in EXTENSION.iterdir():
        content = source.read_text().replace("@folder@", str(folder(server))).replace("@region@", region)
        (extensions / source.name).write_text(content)
        (extensions / source.name).chmod(0o644)
    account = server_account()
    folder(server).mkdir(0o700)
    os.mkfifo(folder(server) / "requests", 0o600)
    account.own(folder(server))
    account.own(folder(server) / "requests")
    _start_uploader(server, region, file_bytes)
    path = f"{server.home}:$system"
    server.execute(f"ALTER SYSTEM SET extension_control_path = {literal(path)}")
    server.execute("SELECT pg_reload_conf()")
    deadline = time.monotonic() + SHOWN_SECONDS
    while server.query("SHOW extension_control_path")[0][0] != path and time.monotonic() < deadline:
        time.sleep(0.02)


def associate(
    server: PostgresServer, role_arn: str, environment: Mapping[str, str], *, source_arn: str | None = None
) -> None:
    """Give the server a role for ``s3Export``; ``environment`` is the cloud's, as its root.

    ``source_arn`` is that of the cluster or instance which the server stands for.
    """
    role = folder(server) / "role.json"
    waiting = role.with_suffix(".waiting")
    waiting.write_text(
        json.dumps({"role_arn": role_arn, "source_arn": source_arn, "environment": dict(environment)})
    )
    server_account().own(waiting)
    waiting.replace(role)


def dissociate(server: PostgresServer) -> None:
    """Take the role away."""
    (folder(server) / "role.json").unlink(missing_ok=True)


def allow(database: Database, user: str) -> None:
    """Let a login export what it may read, in a database that has the extension.

    On AWS the two USAGE grants are enough; here the rows leave by a program of the server's.
    """
    database.execute(
        f"GRANT USAGE ON SCHEMA aws_s3, aws_commons TO {quoted(user)};"
        f"GRANT pg_execute_server_program TO {quoted(user)}"
    )


def folder(server: PostgresServer) -> Path:
    """Where the server and what uploads for it meet."""
    return server.home / "aws_s3"


def _start_uploader(server: PostgresServer, region: str, file_bytes: int) -> None:
    command = [sys.executable, "-m", "local.postgres.aws_s3.uploader"]
    command += [str(folder(server)), region, str(file_bytes)]
    with (server.directory / "aws_s3.log").open("ab") as log:
        uploader = subprocess.Popen(  # noqa: S603 - our own program, by the running interpreter
            command,
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _uploaders.append(uploader)


_uploaders: list[subprocess.Popen[bytes]] = []
"""Kept, as Python warns of a process nobody waited for; each ends soon after its server."""
