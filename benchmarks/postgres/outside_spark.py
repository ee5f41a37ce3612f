"""Those who work without Spark, each with two connections on two cores."""

import asyncio
import os
import ssl
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import asyncpg

from benchmarks.postgres.job import CORES, Job, Run
from benchmarks.postgres.peers import duckdb_extension, use_peers


def copy_to_nowhere(job: Job) -> Run:
    """Binary COPY of a half of the table's blocks each, thrown away as it comes."""
    pool = ProcessPoolExecutor(CORES, mp_context=get_context("spawn"))
    list(pool.map(abs, range(CORES)))
    middle = job.pages // 2
    halves = [f"ctid < '({middle},0)'", f"ctid >= '({middle},0)'"]

    def run() -> None:
        rows = sum(pool.map(partial(_copy, job), halves))
        if rows != job.rows:
            raise RuntimeError(f"{rows:,} rows of {job.rows:,}")

    return run


def _copy(job: Job, condition: str) -> int:
    return asyncio.run(_copied(job, condition))


async def _copied(job: Job, condition: str) -> int:
    connection = await asyncpg.connect(
        host=job.host,
        port=job.port,
        user=job.user,
        password=job.password,
        database=job.database,
        ssl=ssl.create_default_context(cafile=str(job.ca_certificate)),
    )
    try:
        query = f"SELECT * FROM public.{job.table} WHERE {condition}"  # noqa: S608  (the benchmark's own)
        tag = await connection.copy_from_query(query, output=_forget, format="binary")
    finally:
        await connection.close()
    return int(tag.split()[1])


async def _forget(_data: bytes) -> None:
    pass


def duckdb_alone(job: Job) -> Run:
    """DuckDB with two threads, binary COPY by ranges of blocks of its own choice."""
    use_peers()
    import duckdb  # noqa: PLC0415

    connection = duckdb.connect(config={"threads": CORES, "preserve_insertion_order": False})
    os.environ["PGPASSWORD"] = job.password
    connection.execute(f"LOAD '{duckdb_extension()}'")

    def run() -> None:
        connection.execute(f"ATTACH '{job.libpq()}' AS source (TYPE postgres, READ_ONLY)")
        connection.execute(
            f"COPY (SELECT * FROM source.public.{job.table}) TO '{job.write}' "  # noqa: S608
            "(FORMAT parquet, COMPRESSION snappy, PER_THREAD_OUTPUT true, OVERWRITE_OR_IGNORE true)"
        )
        connection.execute("DETACH source")

    return run
