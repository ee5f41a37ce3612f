"""A real streaming standby of a test's server, which can be told to lag behind."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from local.postgres import process
from local.postgres.account import ServerAccount, server_account
from local.postgres.binaries import find_native
from local.postgres.server import PostgresServer

_NEVER_COPIED = ("postmaster.pid", "postmaster.opts", "postgresql.conf.old", "pg_wal", ".s.PGSQL.*", "pg_replslot")


@contextmanager
def standby(primary: PostgresServer, *, apply_delay_seconds: int = 0) -> Iterator[PostgresServer]:
    """A standby that applies what it receives so much later; it has the primary's logins."""
    account = server_account()
    with (primary.data / "pg_hba.conf").open("a") as access:
        access.write("local replication all trust\n")
    primary.execute("SELECT pg_reload_conf()")
    home = account.home()
    try:
        programs = account.reachable(find_native(primary.version), home)
        data = home / "data"
        label = asyncio.run(_copied(primary, home))
        (data / "pg_wal").mkdir(mode=0o700)
        (data / "pg_replslot").mkdir(mode=0o700)
        (data / "backup_label").write_text(label)
        (data / "standby.signal").touch()
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"unix_socket_directories = '{data}'\n"
                f"primary_conninfo = 'host={primary.data} port={primary.port} user={primary.superuser}'\n"
                f"recovery_min_apply_delay = '{apply_delay_seconds}s'\n"
            )
        for path in (home, *home.rglob("*")):
            _own(account, path)
        log_file = primary.directory / f"{home.name}.log"
        pid, port = process.start(home, programs, account, log_file, detached=False)
        try:
            yield primary.model_copy(update={"home": home, "port": port, "pid": pid})
        finally:
            process.end(pid)
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def _copied(primary: PostgresServer, home: object) -> str:
    connection = await primary.database().connect()
    try:
        await connection.execute("SELECT pg_backup_start('standby', true)")
        shutil.copytree(primary.data, f"{home}/data", ignore=shutil.ignore_patterns(*_NEVER_COPIED), symlinks=True)
        label: str = await connection.fetchval("SELECT labelfile FROM pg_backup_stop(false)")
        return label
    finally:
        await connection.close()


def _own(account: ServerAccount, path: object) -> None:
    account.own(path)
