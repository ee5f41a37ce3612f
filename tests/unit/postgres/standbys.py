"""A real streaming standby of a server, which can be told to lag behind."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.postgres import process
from local.postgres.account import server_account
from local.postgres.binaries import find_native
from local.postgres.server import PostgresServer

_MADE_ANEW = ("postmaster.*", "pg_wal", "pg_replslot", ".s.PGSQL.*")


@contextmanager
def standby(primary: PostgresServer, *, apply_delay_seconds: int = 0) -> Iterator[PostgresServer]:
    """A standby that applies a commit so long after it was made; it has the primary's logins."""
    with (primary.data / "pg_hba.conf").open("a") as access:
        access.write("local replication all trust\n")
    primary.execute("SELECT pg_reload_conf()")
    account = server_account()
    home = account.home()
    try:
        programs = account.reachable(find_native(primary.version), home)
        asyncio.run(_copy(primary, home / "data"))
        with (home / "data" / "postgresql.conf").open("a") as settings:
            settings.write(
                f"unix_socket_directories = '{home / 'data'}'\n"
                f"primary_conninfo = 'host={primary.data} port={primary.port} user={primary.superuser}'\n"
                f"recovery_min_apply_delay = '{apply_delay_seconds}s'\n"
                "wal_receiver_status_interval = '1s'\n"
            )
        for path in (home, *home.rglob("*")):
            account.own(path)
        log_file = primary.directory / "standby.log"
        pid, port = process.start(home, programs, account, log_file, detached=False)
        try:
            yield primary.model_copy(update={"home": home, "port": port, "pid": pid})
        finally:
            process.end(pid)
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def _copy(primary: PostgresServer, data: Path) -> None:
    """Copy a server that runs, by PostgreSQL's low-level way of making a backup."""
    connection = await primary.database().connect()
    try:
        await connection.execute("SELECT pg_backup_start('standby', true)")
        shutil.copytree(primary.data, data, ignore=shutil.ignore_patterns(*_MADE_ANEW))
        label = await connection.fetchval("SELECT labelfile FROM pg_backup_stop(false)")
    finally:
        await connection.close()
    for folder in ("pg_wal", "pg_replslot"):
        (data / folder).mkdir(mode=0o700)
    (data / "backup_label").write_text(label)
    (data / "standby.signal").touch()
