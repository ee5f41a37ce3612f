"""Peak memory of a part worker for a small and a large segment, each in a process of its own.

The worker is the real one, with botocore's real clients; DynamoDB and S3 are stand-ins in another
process. The peak is the kernel's VmHWM, so Arrow's and Python's memory are in it.
"""

import argparse
import gc
import os
import subprocess
import sys
from time import perf_counter

import boto3

from benchmarks.machine import machine_line
from benchmarks.process_tree import high_water_bytes
from benchmarks.stub_cloud import stub_cloud
from lakeshot.dynamodb.raw_client import ScanClient, raw_client
from lakeshot.dynamodb.scan import ScanPart, read_part
from lakeshot.files import FileFormat, compressions
from lakeshot.files.formats import ENCODERS
from lakeshot.files.target import Target
from lakeshot.rate.budget import ReadBudget

SMALL, LARGE = 50_000, 1_000_000
AIM = 1.10
UNLIMITED = 1e9
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def main(arguments: list[str]) -> int:
    """Print both peaks and their ratio; 1 if the large segment takes over 10 % more."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks memory")
    parser.add_argument("--format", type=FileFormat, default=FileFormat.PARQUET, choices=list(ENCODERS))
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.worker:
        return _worker(given.worker, given.format)
    print(machine_line("pyarrow", "boto3"))
    peaks = [_peak_bytes(items, given.format) for items in (SMALL, LARGE)]
    ratio = peaks[1] / peaks[0]
    print(
        f"{given.format.value}: {LARGE // SMALL} times the items took {ratio:.3f} times the memory", end="; "
    )
    print(f"the aim is at most {AIM:.2f}")
    return 0 if ratio <= AIM else 1


def _peak_bytes(items: int, file_format: FileFormat) -> int:
    with stub_cloud(items) as endpoint:
        command = [
            sys.executable,
            "-m",
            "benchmarks",
            "memory",
            f"--worker={items}",
            f"--format={file_format}",
        ]
        environment = {**os.environ, **CREDENTIALS, "AWS_ENDPOINT_URL": endpoint}
        answer = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    rows, seconds, peak = answer.stdout.split()
    rate = int(rows) / float(seconds)
    print(f"{int(rows):>9,} items: peak {int(peak) / 1024**2:6.1f} MiB, {rate:>9,.0f} items/s")
    return int(peak)


def _worker(items: int, file_format: FileFormat) -> int:
    gc.freeze()
    started = perf_counter()
    result = read_part(
        ScanPart(table="Reviews", segment=0, total_segments=1),
        attempt=0,
        target=Target(
            bucket="b", prefix="p/", run="r", format=file_format, compression=compressions(file_format)[0]
        ),
        scan=ScanClient(raw_client()),
        s3=boto3.client("s3"),
        budget=ReadBudget(UNLIMITED),
    )
    if result.rows != items:
        raise RuntimeError(f"{result.rows} rows of {items} items")
    print(result.rows, perf_counter() - started, high_water_bytes())
    return 0
