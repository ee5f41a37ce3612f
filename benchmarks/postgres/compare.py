"""A table of PostgreSQL to Parquet (snappy): ours against others, and against nothing but the wire.

All read the same table of the same server over TLS and write to the same disk, the limit excepted. Those
without Spark have a fresh process each time, which first imports and starts what it works with. Those in
Spark share one session in which each has done all its work before; the memory of each is that of a session
of its own. Rounds of all contenders take turns; figures are medians. Trust ratios.

What is written is compared with the table by counts, sums and digests of every column.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contender_process import ContenderProcess
from benchmarks.machine import machine_line
from benchmarks.postgres import contents
from benchmarks.postgres.contenders import IN_SPARK, LIMIT, OURS, OUTSIDE_SPARK, get_ready, process
from benchmarks.postgres.database import BenchmarkDatabase
from benchmarks.postgres.figures import Figures, Taken, missed_aims, print_figures
from benchmarks.postgres.job import TABLE
from benchmarks.postgres.peers import MissingPeerError, peers_line
from benchmarks.postgres.tables import TABLES
from local.postgres.server import PostgresServer

ROWS = int(os.environ.get("LAKESHOT_BENCH_ROWS", "5_000_000"))
OF_MEMORY = 1.10
SETTINGS = {"shared_buffers": "2GB"}
"""Room for the whole table, as a server has that keeps its working set in memory."""


def main(arguments: list[str]) -> int:
    """Print all figures and what was aimed at; 1 if an aim was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks postgres")
    parser.add_argument("--rows", type=int, default=ROWS, help="default: %(default)s")
    parser.add_argument("--table", choices=list(TABLES), default="reference", help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    given = parser.parse_args(arguments)
    try:
        peers = peers_line()
    except MissingPeerError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    print(machine_line("pyarrow", "asyncpg", "pyspark"), peers, sep="\n")
    with (
        TemporaryDirectory(prefix="postgres-") as name,
        PostgresServer.start(Path(name) / "server", settings=SETTINGS) as server,
    ):
        database = BenchmarkDatabase(server, TABLES[given.table], given.rows)
        print(f"PostgreSQL {server.version}, {given.rows:,} rows in {database.pages() * 8192 / 1e6:,.0f} MB")
        missed = [*_compare(database, Path(name), given.rounds), *_memory(database, Path(name))]
    print(f"aims missed: {'; '.join(missed) or 'none'}")
    return 1 if missed else 0


def _compare(database: BenchmarkDatabase, folder: Path, rounds: int) -> list[str]:
    """Print the contenders' figures; the aims that were missed."""
    figures: Figures = {name: [] for name in (*OUTSIDE_SPARK, *IN_SPARK)}
    expected = contents.in_table(database.database, TABLE, database.columns)
    job = database.job(folder / "in Spark")
    with process("in Spark", job, folder) as spark:
        for _ in range(rounds):
            for name, taken in _round(database, folder, spark):
                figures[name].append(taken)
                written = job.write if name in IN_SPARK else folder / name
                if name != LIMIT and (found := contents.in_files(written, database.columns)) != expected:
                    raise RuntimeError(f"{name} wrote {found}, the table has {expected}")
    print(f"all but the limit wrote what the table has: {', '.join(expected)}")
    peaks = {name: _peak_in_spark(name, database, folder) for name in IN_SPARK}
    print_figures(figures, database.pages(), peaks)
    return missed_aims(figures, database.pages())


def _round(database: BenchmarkDatabase, folder: Path, spark: ContenderProcess) -> Iterator[tuple[str, Taken]]:
    for name in OUTSIDE_SPARK:
        with process(name, database.job(folder / name), folder) as alone:
            get_ready(alone, name)
            before = database.load()
            measured = alone.measured()
        yield name, Taken(measured, database.load().since(before))
    for name in IN_SPARK:
        get_ready(spark, name)
        before = database.load()
        measured = spark.timed()
        yield name, Taken(measured, database.load().since(before))


def _peak_in_spark(name: str, database: BenchmarkDatabase, folder: Path) -> int:
    with process(name, database.job(folder / name), folder) as spark, spark.peak() as peak:
        get_ready(spark, name)
        spark.tell()
        spark.answer()
    return peak.bytes


def _memory(database: BenchmarkDatabase, folder: Path) -> list[str]:
    """Print the peaks for a small and a large table; the aim, if it was missed."""
    print()
    peaks = []
    for rows in (database.rows // 5, database.rows * 2):
        table = f"article_{rows}"
        database.resized(table, rows)
        with process(OURS, database.job(folder / table, table, rows), folder) as ours:
            get_ready(ours, OURS)
            measured = ours.measured()
        if contents.rows_in_files(folder / table) != rows:
            raise RuntimeError(f"{OURS} did not write {rows:,} rows")
        peaks.append(measured.peak_bytes)
        print(f"{rows:>10,} rows: peak {measured.peak_bytes / 1e6:,.0f} MB, {measured.seconds:.2f} s")
    ratio = peaks[1] / peaks[0]
    print(f"10 times the rows took {ratio:.3f} times the memory; the aim is at most {OF_MEMORY:.2f}")
    return [] if ratio <= OF_MEMORY else ["flat memory"]
