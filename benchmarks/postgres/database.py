"""The server and table that all read, and what reading took of them."""

from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from time import monotonic, sleep

from benchmarks.postgres.job import READER, TABLE, Job
from benchmarks.postgres.tables import Table
from benchmarks.process_tree import processor_seconds
from local.postgres.database import Database
from local.postgres.server import PostgresServer

_MOST_SECONDS_TO_LEAVE = 20.0


@dataclass(frozen=True)
class Load:
    """What the server has done: processor seconds of all its processes, and blocks of the table looked at."""

    processor_seconds: float
    blocks: int

    def since(self, before: "Load") -> "Load":
        """What was done in between."""
        return Load(self.processor_seconds - before.processor_seconds, self.blocks - before.blocks)


class BenchmarkDatabase:
    """The table ``article`` at rest: every block is in memory, and nothing is left to vacuum or to write."""

    def __init__(self, server: PostgresServer, table: Table, rows: int) -> None:
        self._server = server
        self.rows, self.columns = rows, table.columns
        self.database: Database = server.create_database("shop")
        table.make(self.database, rows)
        self._put_to_rest(TABLE)
        self._password = token_urlsafe()
        self.database.create_reader(READER, self._password)

    def resized(self, table: str, rows: int) -> None:
        """Make a table of the same rows, over and over if it takes more of them."""
        copies = -(-rows // self.rows)
        self.database.execute(
            f"CREATE TABLE public.{table} AS SELECT a.* FROM generate_series(1, {copies}), public.{TABLE} a "  # noqa: S608
            f"LIMIT {rows}"
        )
        self._put_to_rest(table)

    def _put_to_rest(self, table: str) -> None:
        self.database.execute(f"ALTER TABLE public.{table} SET (autovacuum_enabled = off)")
        self.database.execute(f"VACUUM (FREEZE, ANALYZE) public.{table}")
        self.database.execute("CHECKPOINT")

    def pages(self, table: str = TABLE) -> int:
        """Blocks of the table."""
        return self._number(f"SELECT relpages FROM pg_class WHERE oid = 'public.{table}'::regclass")  # noqa: S608

    def job(self, write: Path, table: str = TABLE, rows: int | None = None) -> Job:
        """What a contender is told."""
        return Job(
            host=self._server.host,
            port=self._server.port,
            database=self.database.name,
            user=READER,
            password=self._password,
            ca_certificate=self._server.ca_certificate,
            table=table,
            rows=self.rows if rows is None else rows,
            pages=self.pages(table),
            write=write,
        )

    def load(self) -> Load:
        """What the server has done so far, once all readers have left: only then they have told it all."""
        deadline = monotonic() + _MOST_SECONDS_TO_LEAVE
        while self._number(f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{READER}'"):  # noqa: S608
            if monotonic() > deadline:
                raise RuntimeError("a contender keeps its connections to the server")
            sleep(0.1)
        blocks = self._number(
            "SELECT heap_blks_read + heap_blks_hit FROM pg_statio_all_tables "  # noqa: S608
            f"WHERE relid = 'public.{TABLE}'::regclass"
        )
        return Load(processor_seconds(self._server.postmaster_pid), blocks)

    def _number(self, sql: str) -> int:
        return int(self.database.query(sql)[0][0])
