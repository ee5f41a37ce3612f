"""One running PostgreSQL: its port, certificate and superuser; it ends with its starter."""

import secrets
import shutil
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import quote

import asyncpg
from pydantic import BaseModel, ConfigDict, Field

from local.postgres import process
from local.postgres.binaries import find_native
from local.postgres.certificates import make_certificates
from local.postgres.data_directory import SUPERUSER
from local.postgres.database import Database, quoted
from local.postgres.errors import PostgresStartError
from local.postgres.launch import launch

LOG = "postgres.log"


class PostgresServer(BaseModel):
    """A running server. ``with PostgresServer.start(directory) as server: …`` stops it at the end.

    ``directory`` holds ``postgres.log``, ``ca.pem`` and ``postgres.json``; the data is in ``home``, a
    temporary folder that goes when the server does.
    """

    model_config = ConfigDict(frozen=True)

    directory: Path
    home: Path
    version: int
    port: int
    pid: int
    password: str = Field(repr=False)
    host: str = "localhost"
    superuser: str = SUPERUSER

    @classmethod
    def start(
        cls,
        directory: Path,
        version: int = 18,
        *,
        settings: Mapping[str, str] = MappingProxyType({}),
        detached: bool = False,
        progress: Callable[[str], None] = lambda _line: None,
    ) -> Self:
        """Start a server on a free port of 127.0.0.1 and wait until it takes connections: a second.

        ``settings`` go before those of SETTINGS, such as ``{"shared_buffers": "2GB"}``.
        Unless ``detached``, it ends with this process, however that ends. Raises PostgresStartError when
        ``directory`` has a server already, or this one isn't installed or does not come up.
        """
        running = cls.find(directory)
        if running is not None:
            raise PostgresStartError(
                f"a PostgreSQL runs in {directory} already (process {running.pid}, port {running.port}): "
                f"stop that one, or give another directory"
            )
        native = find_native(version)
        directory.mkdir(parents=True, exist_ok=True)
        progress(f"initialising PostgreSQL {version}")
        certificates = make_certificates()
        password = secrets.token_urlsafe(24)
        log_file = directory / LOG
        launched = launch(
            native,
            log_file,
            password=password,
            certificates=certificates,
            settings=settings,
            detached=detached,
        )
        server = cls(
            directory=directory.resolve(),
            home=launched.home,
            version=version,
            port=launched.port,
            pid=launched.pid,
            password=password,
        )
        server.ca_certificate.write_bytes(certificates.authority)
        record = directory / "postgres.json"
        record.touch(0o600)
        record.write_text(server.model_dump_json())
        progress(f"ready at {server.host}:{server.port}; log in {server.log_file}")
        return server

    @classmethod
    def find(cls, directory: Path) -> Self | None:
        """Return the server that runs in ``directory``, or None."""
        try:
            server = cls.model_validate_json((directory / "postgres.json").read_text())
        except FileNotFoundError:
            return None
        return server if server.is_alive() else None

    @property
    def ca_certificate(self) -> Path:
        """PEM file of the authority that signed the server's certificate."""
        return self.directory / "ca.pem"

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self.directory / LOG

    @property
    def data(self) -> Path:
        """The data directory; only root and the server's account can enter it."""
        return self.home / "data"

    @property
    def postmaster_pid(self) -> int:
        """The server's own process; ``pid`` is the one that watches it."""
        return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])

    def dsn(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """Return a libpq URL over TLS that verifies the certificate; as the superuser unless told."""
        login = f"{quote(user, safe='')}:{quote(password or self.password, safe='')}"
        trust = f"sslmode=verify-full&sslrootcert={quote(str(self.ca_certificate))}"
        return f"postgresql://{login}@{self.host}:{self.port}/{quote(database, safe='')}?{trust}"

    def database(self, name: str = "postgres") -> Database:
        """Return a database of this server for its superuser to act on."""
        return Database(socket_directory=self.data, port=self.port, name=name)

    def execute(self, sql: str, *arguments: object, database: str = "postgres") -> str:
        """Run SQL as the superuser; see Database.execute."""
        return self.database(database).execute(sql, *arguments)

    def query(self, sql: str, *arguments: object, database: str = "postgres") -> list[asyncpg.Record]:
        """Return the rows of one statement of the superuser."""
        return self.database(database).query(sql, *arguments)

    def create_database(self, name: str) -> Database:
        """Make an empty database."""
        self.execute(f"CREATE DATABASE {quoted(name)} TEMPLATE template0")
        return self.database(name)

    def drop_database(self, name: str) -> None:
        """Remove a database and end whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")

    def create_reader(self, name: str, password: str, database: str) -> None:
        """Make a login that may only read what a database's schema ``public`` holds."""
        self.database(database).create_reader(name, password)

    def is_alive(self) -> bool:
        """Whether the process that watches the server exists and its port answers."""
        if not process.lives(self.pid):
            return False
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """End the server at once and remove its data; does nothing when it has ended."""
        process.end(self.pid)
        shutil.rmtree(self.home, ignore_errors=True)
        (self.directory / "postgres.json").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
