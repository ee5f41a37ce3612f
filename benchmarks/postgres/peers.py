"""The others' programs, at versions that fit each other: what requirements/bench.txt puts into build/bench.

They have a folder of their own, because DuckDB's PostgreSQL extension is for an older DuckDB than the
embedded cloud's, and PostgreSQL's JDBC driver comes in a package of which nothing else is wanted.
"""

import sys
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path

PEERS = Path(__file__).parents[2] / "build" / "bench"
JDBC_SHA256 = "188976721ead8e8627eb6d8389d500dccc0c9bebd885268a3047180274a6031e"
"""Of org.postgresql:postgresql:42.7.4, as Maven Central has it."""


class MissingPeerError(Exception):
    """A program that is measured against is not installed, or another than it should be."""


def use_peers() -> None:
    """Have this process import the peers' versions before any other."""
    sys.path.insert(0, str(PEERS))


def duckdb_extension() -> Path:
    """The file to LOAD into DuckDB."""
    return _the_only("duckdb_extension_postgres_scanner/extensions/*/*.duckdb_extension")


def jdbc_driver() -> Path:
    """The driver's jar, checked."""
    jar = _the_only("wbjdbc/resources/maven/postgresql/postgresql-*.jar")
    if sha256(jar.read_bytes()).hexdigest() != JDBC_SHA256:
        raise MissingPeerError(f"{jar} is not the driver that PostgreSQL's developers published")
    return jar


def peers_line() -> str:
    """One line of their versions; MissingPeerError if one is missing."""
    duckdb_extension()
    found = {found.name: found.version for found in distributions(path=[str(PEERS)])}
    return f"DuckDB {found['duckdb']} with its PostgreSQL extension, {jdbc_driver().stem} for JDBC"


def _the_only(pattern: str) -> Path:
    found = list(PEERS.glob(pattern))
    if len(found) != 1:
        raise MissingPeerError(
            f"{PEERS} has {len(found)} of {pattern}; run `make bench`, which installs them"
        )
    return found[0]
