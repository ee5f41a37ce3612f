"""Whom a server runs as, and which folders that account reaches."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.postgres.account import ServerAccount, server_account
from local.postgres.errors import PostgresStartError

OTHER = ServerAccount(uid=os.geteuid() + 54321, gid=54321)
SELF = ServerAccount(uid=os.geteuid(), gid=os.getegid())


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that anybody may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder).resolve()


def test_root_gives_way_to_an_unprivileged_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody else runs the server as themselves."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert server_account().uid != 0
    assert server_account().identity()["extra_groups"] == []
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    assert server_account().uid == 1234
    assert server_account().identity() == {}


def test_one_closed_folder_above_is_enough_to_be_out_of_reach(open_folder: Path) -> None:
    """A folder's own permissions say nothing if one above may not be entered."""
    inner = open_folder / "closed" / "open"
    inner.mkdir(parents=True)
    assert OTHER.reaches(inner)
    inner.parent.chmod(0o700)
    assert not OTHER.reaches(inner)
    assert SELF.reaches(inner)


def test_programs_out_of_reach_are_copied(open_folder: Path) -> None:
    """With their links; those within reach are used where they are."""
    native, home = open_folder / "somebody" / "native", open_folder / "home"
    (native / "bin").mkdir(parents=True)
    (native / "bin" / "postgres").touch()
    (native / "link").symlink_to("bin/postgres")
    home.mkdir()
    assert OTHER.reachable(native, home) == native
    native.parent.chmod(0o700)
    copy = OTHER.reachable(native, home)
    assert copy == home / "native"
    assert OTHER.reaches(copy / "bin")
    assert (copy / "bin" / "postgres").exists()
    assert (copy / "link").readlink() == Path("bin/postgres")


def test_a_home_is_where_the_account_can_go_and_short(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket's address has 107 bytes, and TMPDIR may be anywhere."""
    for place in (open_folder / "closed", open_folder / ("long" * 12)):
        place.mkdir()
        place.chmod(0o700 if place.name == "closed" else 0o755)
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        home = OTHER.home()
        assert home.parent == open_folder.parent
        assert stat.S_IMODE(home.stat().st_mode) == 0o711
        home.rmdir()
    monkeypatch.setattr("local.postgres.account.SHORT_PLACES", ())
    with pytest.raises(PostgresStartError, match="may enter no temporary folder: set TMPDIR"):
        OTHER.home()
