"""Who takes part, and the process in which one works; those in Spark share one."""

import sys
from pathlib import Path

from benchmarks.contender_process import ContenderProcess
from benchmarks.postgres.job import Job

LIMIT, DUCKDB, OURS = "COPY to nowhere: the limit", "DuckDB alone", "Lakeshot"
HASHED, BY_KEY, OURS_IN_SPARK = "JDBC id % 7, warm Spark", "JDBC by key, warm Spark", "Lakeshot in warm Spark"
OUTSIDE_SPARK = {
    LIMIT: "outside_spark.copy_to_nowhere",
    DUCKDB: "outside_spark.duckdb_alone",
    OURS: "ours.outside_spark",
}
IN_SPARK = {
    HASHED: "in_spark.jdbc_hashed",
    BY_KEY: "in_spark.jdbc_by_key",
    OURS_IN_SPARK: "ours.in_spark",
}
"""Name to the function that gets ready, by module."""


def process(name: str, job: Job, folder: Path) -> ContenderProcess:
    """A process of contenders who have the job; it waits to be told whose turn it is."""
    path = folder / "jobs" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.touch(0o600)
    path.write_text(job.model_dump_json())
    return ContenderProcess(name, [sys.executable, "-m", "benchmarks.postgres.work", str(path)])


def get_ready(process: ContenderProcess, name: str) -> None:
    """Have a contender get ready in the process; it can be told to work then."""
    process.tell((OUTSIDE_SPARK | IN_SPARK)[name])
    process.answer()
