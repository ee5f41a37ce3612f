"""What a contender is told: where the table is, and where its Parquet files are to go."""

from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

from pydantic import BaseModel

CORES = 2
READER, TABLE = "benchmark", "article"


class Job(BaseModel):
    """One table of a server, read over TLS that verifies the certificate by a login that may only read."""

    host: str
    port: int
    database: str
    user: str
    password: str
    ca_certificate: Path
    table: str
    rows: int
    pages: int
    write: Path

    def libpq(self) -> str:
        """What libpq connects with, except the password."""
        return (
            f"host={self.host} port={self.port} dbname={self.database} user={self.user} "
            f"sslmode=verify-full sslrootcert={self.ca_certificate}"
        )

    def emptied(self) -> Path:
        """The folder to write to, with nothing in it."""
        rmtree(self.write, ignore_errors=True)
        self.write.mkdir(parents=True)
        return self.write


Run = Callable[[], object]
Contender = Callable[[Job], Run]
"""Is called to get ready, and gives what is measured."""
