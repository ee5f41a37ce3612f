"""How well a read budget is kept and used by the real part workers that share it, in real time.

They read a skewed table of the embedded cloud, with IAM and TLS on, in processes of their own and with a
connection each to the driver's budget, as Glue's workers do, and upload what they read. The budget is all
that the table is provisioned with, and nothing is saved for bursts, so that whoever reads more for a second
is refused. What was consumed is what the metering of the cloud noted, not what the workers say.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from benchmarks import skewed_table
from benchmarks.machine import machine_line
from benchmarks.read_log import WINDOW_SECONDS, ReadLog
from lakeshot.dynamodb.scan import ScanPart
from lakeshot.dynamodb.scan_run import ScanWorker
from lakeshot.dynamodb.table_run import Driver
from lakeshot.files import Compression, FileFormat
from lakeshot.files.target import Target
from lakeshot.rate.budget import ReadBudget
from lakeshot.rate.server import BudgetServer
from local.instance import Instance
from operate.embedded_cloud import point_at

SEGMENTS = (1, 2, 8)
MOST, LEAST = 1.05, 0.85
BYTES_PER_UNIT = 2 * 4096
"""Of an eventually consistent read."""
BUCKET = "benchmark"
KEY = b"benchmark"


def main(arguments: list[str]) -> int:
    """Print the fullest and the emptiest window for each number of segments; 1 if one is outside."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks rate")
    parser.add_argument(
        "--units", type=int, default=1_000, help="read units per second, default: %(default)s"
    )
    parser.add_argument("--seconds", type=int, default=30, help="of reading each, default: %(default)s")
    given = parser.parse_args(arguments)
    if given.seconds < 2 * WINDOW_SECONDS:
        parser.error(f"--seconds: got {given.seconds}; give at least {2 * WINDOW_SECONDS:.0f}, two windows")
    print(machine_line("ministack", "boto3", "pyarrow"))
    with TemporaryDirectory(prefix="lakeshot-rate-") as directory:
        log = Path(directory) / "reads.jsonl"
        os.environ["LAKESHOT_READ_LOG"] = str(log)
        with Instance.start(Path(directory)) as cloud:
            point_at(cloud, os.environ)
            boto3.client("s3").create_bucket(Bucket=BUCKET)
            items = skewed_table.create(given.units, given.units * given.seconds * BYTES_PER_UNIT)
            print(f"{items:,} items; a budget of {given.units:,} read units per second")
            print("segments  reads  seconds  fullest 10 s  emptiest 10 s  throttled")
            within = [_measured(segments, given.units, items, log) for segments in SEGMENTS]
    print(f"aims: at most {MOST:.0%} of the budget, at least {LEAST:.0%} until 95 % of the items are read")
    return 0 if all(within) else 1


def _measured(segments: int, units: int, items: int, log: Path) -> bool:
    """Print one case's line; whether both windows are as aimed at."""
    log.unlink(missing_ok=True)
    rows = _scan(segments, units)
    if rows != items:
        raise RuntimeError(f"{rows} rows of {items} items")
    reads = ReadLog.load(log)
    most = reads.fullest_window() / units / WINDOW_SECONDS
    least = reads.emptiest_window(0.95) / units / WINDOW_SECONDS
    print(
        f"{segments:>8}{len(reads.reads):>7}{reads.seconds:>9.1f}{most:>14.1%}{least:>15.1%}"
        f"{reads.throttled:>11}"
    )
    return most <= MOST and least >= LEAST


def _scan(segments: int, units: int) -> int:
    """Read the table once, a process for each segment; rows."""
    target = Target(
        bucket=BUCKET,
        prefix=f"{segments}/",
        run="benchmark",
        format=FileFormat.PARQUET,
        compression=Compression.SNAPPY,
    )
    parts = [
        ScanPart(table=skewed_table.NAME, segment=segment, total_segments=segments)
        for segment in range(segments)
    ]
    # Workers are forked, as Spark's are. pyarrow imports pandas at its first array: eight at once, sharing
    # this machine's cores, would measure that instead.
    context = get_context("forkserver")
    context.set_forkserver_preload(["lakeshot.dynamodb.scan_run", "pandas"])
    with BudgetServer(ReadBudget(units), KEY) as server, ProcessPoolExecutor(segments, context) as workers:
        worker = ScanWorker(target, os.environ["AWS_REGION"], Driver(server.address, KEY))
        return sum(result.rows for result in workers.map(worker, parts, [0] * segments))
