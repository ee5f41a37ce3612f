"""Where the server's programs are: npm packages beside each other, one a version and platform."""

import platform
import sys
from pathlib import Path

from local.postgres.errors import PostgresStartError
from local.settings import REPOSITORY

NODE_MODULES = REPOSITORY / "node_modules"
PLATFORMS = {13: ("linux-x64",), 18: ("darwin-arm64", "linux-arm64", "linux-x64")}
"""The platforms for which package.json has a package, by major version."""


def is_offered(version: int) -> bool:
    """Whether a package of this major version exists for this platform."""
    return this_platform() in PLATFORMS.get(version, ())


def find_native(version: int, node_modules: Path = NODE_MODULES) -> Path:
    """Return the folder that holds ``bin``, ``lib`` and ``share`` of a major version.

    Raises PostgresStartError when there is no package for this platform, or it isn't installed.
    """
    if not is_offered(version):
        offered = "; ".join(f"{known} for {', '.join(PLATFORMS[known])}" for known in sorted(PLATFORMS))
        raise PostgresStartError(
            f"there is no embedded PostgreSQL {version} for {this_platform()}; there is {offered}"
        )
    native = node_modules / f"postgres-{version}-{this_platform()}" / "native"
    if not (native / "bin" / "postgres").exists():
        raise PostgresStartError(
            f"PostgreSQL {version} is not installed in {native}: run `make install`; npm leaves it out "
            f"without an error when it could not be fetched"
        )
    return native


def this_platform() -> str:
    """Name this platform as npm does."""
    machine = platform.machine().lower()
    return f"{sys.platform}-{ {'x86_64': 'x64', 'amd64': 'x64', 'aarch64': 'arm64'}.get(machine, machine) }"
