"""Whom the server runs as, and folders that account can reach: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TypedDict

from pydantic import BaseModel, ConfigDict

from local.postgres.errors import PostgresStartError

UNPRIVILEGED = "nobody"
SHORT_PLACES = ("/tmp", "/var/tmp")  # noqa: S108 - mkdtemp makes a folder of its own there
LONGEST_PLACE = 50


class Identity(TypedDict, total=False):
    """How subprocess is told to run a program as somebody else; empty: as whoever asks."""

    user: int
    group: int
    extra_groups: list[int]


class ServerAccount(BaseModel):
    """The account of a server: this process's own or, when that is root, an unprivileged one."""

    model_config = ConfigDict(frozen=True)

    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether it isn't this process's own."""
        return self.uid != os.geteuid()

    def identity(self) -> Identity:
        """Return the arguments with which subprocess runs a program as this account."""
        return Identity(user=self.uid, group=self.gid, extra_groups=[]) if self.is_other else Identity()

    def own(self, path: Path) -> None:
        """Give a file or folder to this account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether this account may enter ``path`` and every folder above it."""
        folders = (path.resolve(), *path.resolve().parents)
        return not self.is_other or all(folder.stat().st_mode & stat.S_IXOTH for folder in folders)

    def home(self) -> Path:
        """Make a folder for a server, with a name short enough for a socket's address in it (107 bytes).

        It isn't below the folder a caller works in: pytest's, for one, only its owner may enter.
        """
        for place in (tempfile.gettempdir(), *SHORT_PLACES):
            if Path(place).is_dir() and self.reaches(Path(place)) and len(place) <= LONGEST_PLACE:
                home = Path(tempfile.mkdtemp(prefix="lakeshot-postgres-", dir=place))
                home.chmod(0o711)
                return home.resolve()
        raise PostgresStartError(
            f"PostgreSQL can't run as root, and user {self.uid} may enter no temporary folder: set TMPDIR"
        )

    def reachable(self, native: Path, home: Path) -> Path:
        """Return ``native``, or a copy in ``home`` where this account can't reach it."""
        if self.reaches(native / "bin"):
            return native
        return Path(shutil.copytree(native, home / "native", symlinks=True))


def server_account() -> ServerAccount:
    """Choose the account of a server that this process starts."""
    if os.geteuid() != 0:
        return ServerAccount(uid=os.geteuid(), gid=os.getegid())
    account = pwd.getpwnam(UNPRIVILEGED)
    return ServerAccount(uid=account.pw_uid, gid=account.pw_gid)
