"""Makes a server's home and data, and starts it there."""

import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from local.postgres import process
from local.postgres.account import server_account
from local.postgres.certificates import Certificates
from local.postgres.data_directory import make_data_directory
from local.postgres.errors import PortTakenError

PORTS_TRIED = 5


class Launched(NamedTuple):
    """A server that takes connections: the folder with its data, the watching process, its port."""

    home: Path
    pid: int
    port: int


def launch(
    native: Path,
    log_file: Path,
    *,
    password: str,
    certificates: Certificates,
    settings: Mapping[str, str],
    detached: bool,
) -> Launched:
    """Start a server with empty data; nothing is left of it when that fails, but its log."""
    again = partial(
        _launch,
        native,
        log_file,
        password=password,
        certificates=certificates,
        settings=settings,
        detached=detached,
    )
    for _ in range(PORTS_TRIED - 1):
        try:
            return again()
        except PortTakenError:
            continue
    return again()


def _launch(
    native: Path,
    log_file: Path,
    *,
    password: str,
    certificates: Certificates,
    settings: Mapping[str, str],
    detached: bool,
) -> Launched:
    account = server_account()
    home = account.home()
    try:
        programs = account.reachable(native, home)
        make_data_directory(
            home / "data",
            programs,
            account,
            password=password,
            certificates=certificates,
            settings=settings,
        )
        pid, port = process.start(home, programs, account, log_file, detached=detached)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    return Launched(home, pid, port)
