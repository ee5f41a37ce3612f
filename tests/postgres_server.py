"""Real PostgreSQL servers for tests: one a version and test process, started when first asked for."""

from collections.abc import Iterator
from itertools import count

import pytest

from local.postgres.binaries import is_offered
from local.postgres.database import Database
from local.postgres.server import PostgresServer

_numbers = count(1)
_SERVERS = {"postgres", "postgres_13", "running"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts a server, itself or through another fixture."""
    for item in items:
        if isinstance(item, pytest.Function) and _SERVERS.intersection(item.fixturenames):
            item.add_marker("server")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """PostgreSQL 18, shared by all tests of the session: make a database of your own."""
    with PostgresServer.start(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_13(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """PostgreSQL 13, which cannot scan a range of ctids; there are platforms without it."""
    if not is_offered(13):
        pytest.skip("no embedded PostgreSQL 13 for this platform")
    with PostgresServer.start(tmp_path_factory.mktemp("postgres_13"), version=13) as server:
        yield server


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[Database]:
    """An empty database on PostgreSQL 18, gone after the test."""
    name = f"test_{next(_numbers)}"
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture
def database_13(postgres_13: PostgresServer) -> Iterator[Database]:
    """An empty database on PostgreSQL 13, gone after the test."""
    name = f"test_{next(_numbers)}"
    yield postgres_13.create_database(name)
    postgres_13.drop_database(name)


@pytest.fixture
def running(version: int, request: pytest.FixtureRequest) -> PostgresServer:
    """The server of the version that a test is parametrised with."""
    found: PostgresServer = request.getfixturevalue("postgres" if version == 18 else "postgres_13")
    return found
