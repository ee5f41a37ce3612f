"""DynamoDB's own export files to Parquet (snappy): ours against others, and against nothing but parsing.

Every contender reads the same ``.json.gz`` files from disk and writes to disk, in a fresh process that first
gets ready (``converters`` says how). Rounds of all contenders take turns; figures are medians. Seconds are
of the wall clock, processor seconds and memory those of all the contender's processes. Trust ratios.

What the others write is compared with what we write, column by column, where they are exact: nobody else
takes the type tags out of nested values without a loop of their own, and sets have no order in Python.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from shutil import rmtree
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import pyarrow as pa
import pyarrow.dataset as ds

from benchmarks.contender_process import ContenderProcess, Measured
from benchmarks.converters import (
    CONTENDERS,
    CORES,
    DESERIALIZER,
    DUCKDB,
    LIMIT,
    OURS,
    OURS_IN_SPARK,
    SPARK,
    TEXTS,
    WHOLE,
    Job,
    target,
)
from benchmarks.export_items import write_data_file
from benchmarks.local_bucket import LocalBucket
from benchmarks.machine import machine_line
from benchmarks.process_tree import high_water_bytes
from lakeshot.dynamodb.export_manifest import DataFile
from lakeshot.dynamodb.export_parts import ExportPart
from lakeshot.dynamodb.export_run import convert_part
from lakeshot.worker_process import no_garbage_collection

FILES, SMALL_ITEMS = 4, 2_000
MANY_FILES = 20
TIMES_DESERIALIZER, OF_LIMIT, TIMES_SPARK, OF_BEST, OF_MEMORY = 8.0, 1.6, 2.5, 1.25, 1.10

_ALWAYS_EXACT = (*TEXTS, *WHOLE, "total", "balance", "paid", "digest")
EXACT = {
    OURS_IN_SPARK: (*_ALWAYS_EXACT, "reference", "tags", "ratings", "shipping", "lines"),
    DUCKDB: (*_ALWAYS_EXACT, "reference", "tags", "ratings"),
    SPARK: (*_ALWAYS_EXACT, "reference", "tags", "ratings"),
    DESERIALIZER: _ALWAYS_EXACT,
}
"""The columns in which a contender writes the same values as we do."""


def main(arguments: list[str]) -> int:
    """Print all figures and what was aimed at; 1 if an aim was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks convert")
    parser.add_argument("--items", type=int, default=500_000, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.contender:
        return _contend(given.contender, given.folder)
    if given.memory:
        return _convert_one_part(given.memory, given.folder)
    print(machine_line("pyarrow", "numpy", "orjson", "duckdb", "pyspark", "pandas", "boto3"))
    with TemporaryDirectory(prefix="convert-") as name:
        folder = Path(name)
        raw = _generate(folder, given.items)
        print(f"{given.items:,} items in {FILES} files, {raw / 1e6:,.0f} MB before compression")
        missed = [*_compare(folder, given.rounds), *_memory(folder)]
    print(f"aims missed: {'; '.join(missed) or 'none'}")
    return 1 if missed else 0


def _generate(folder: Path, items: int) -> int:
    """Write the data files and what the manifest says of them; bytes before compression."""
    (folder / "read").mkdir()
    paths = [folder / "read" / f"{number}.json.gz" for number in range(FILES + 1)]
    counts = [*[items // FILES] * FILES, SMALL_ITEMS]
    with ProcessPoolExecutor(CORES) as pool:
        written = list(pool.map(write_data_file, paths, counts, range(FILES + 1)))
    files = [
        DataFile(key=path.name, items=count, md5=md5).model_dump()
        for path, count, (_, md5) in zip(paths, counts, written, strict=True)
    ]
    (folder / "files.json").write_text(json.dumps(files))
    return sum(size for size, _ in written[:FILES])


def _files(folder: Path) -> list[DataFile]:
    return [DataFile(**file) for file in json.loads((folder / "files.json").read_text())]


def _compare(folder: Path, rounds: int) -> list[str]:
    """Print the contenders' figures; the aims that were missed."""
    measured: dict[str, list[Measured]] = {name: [] for name in CONTENDERS}
    for round_number in range(rounds):
        for name, figures in measured.items():
            with _contending(name, folder) as process:
                process.answer()
                figures.append(process.measured())
        if round_number == 0:
            _check_outputs(folder)
    seconds = {name: median(one.seconds for one in figures) for name, figures in measured.items()}
    work = {name: median(one.processor_seconds for one in figures) for name, figures in measured.items()}
    print(f"\n{'':<34}{'s':>7}{'x limit':>9}{'CPU s':>8}{'x limit':>9}{'peak MB':>9}")
    for name, figures in measured.items():
        peak = max(one.peak_bytes for one in figures)
        print(
            f"{name:<34}{seconds[name]:>7.2f}{seconds[name] / seconds[LIMIT]:>9.2f}"
            f"{work[name]:>8.2f}{work[name] / work[LIMIT]:>9.2f}{peak / 1e6:>9,.0f}"
        )
    return _missed(seconds)


def _missed(seconds: Mapping[str, float]) -> list[str]:
    faster = seconds[DESERIALIZER] / seconds[OURS]
    of_limit, of_spark = seconds[OURS] / seconds[LIMIT], seconds[SPARK] / seconds[OURS_IN_SPARK]
    best_outside = min(seconds[name] for name in (OURS, DUCKDB, DESERIALIZER))
    best_inside = min(seconds[name] for name in (OURS_IN_SPARK, SPARK))
    outside, inside = of_limit <= OF_LIMIT, of_spark >= TIMES_SPARK
    near = [
        seconds[OURS] / best_outside if not outside else 1.0,
        seconds[OURS_IN_SPARK] / best_inside if not inside else 1.0,
    ]
    print(
        f"\nLakeshot is {faster:.1f} times as fast as TypeDeserializer; the aim is {TIMES_DESERIALIZER:.0f}"
    )
    print(f"outside Spark it takes {of_limit:.2f} times the limit; the aim is {OF_LIMIT}")
    print(f"in Spark it is {of_spark:.2f} times as fast as Spark's reader; the aim is {TIMES_SPARK}")
    print(f"one of the two is to be met, the other within {OF_BEST} of the best there")
    aims = {
        f"{TIMES_DESERIALIZER:.0f} times TypeDeserializer": faster >= TIMES_DESERIALIZER,
        "near the limit or past Spark's reader": outside or inside,
        "near the best outside and in Spark": max(near) <= OF_BEST,
    }
    return [aim for aim, is_met in aims.items() if not is_met]


def _contending(name: str, folder: Path) -> ContenderProcess:
    command = [sys.executable, "-m", "benchmarks", "convert", "--contender", name, "--folder", str(folder)]
    return ContenderProcess(name, command)


def _contend(name: str, folder: Path) -> int:
    """In a process of its own: get ready, say so, work when told, say how long it took, end when told."""
    *files, small = _files(folder)
    write = folder / name / "written"
    rmtree(write.parent, ignore_errors=True)
    write.mkdir(parents=True)
    run = CONTENDERS[name](Job(files=tuple(files), small=small, read=folder / "read", write=write))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    print("ready", file=answers)
    sys.stdin.readline()
    started = perf_counter()
    run()
    print(perf_counter() - started, file=answers)
    sys.stdin.readline()
    return 0


def _check_outputs(folder: Path) -> None:
    """Raise if a contender has not written what we have, in the columns in which it is exact."""
    ours = _written(folder, OURS, EXACT[OURS_IN_SPARK])
    for name, columns in EXACT.items():
        theirs = _written(folder, name, columns)
        different = [
            column
            for column in columns
            if not theirs[column].cast(ours.schema.field(column).type).equals(ours[column])
        ]
        if different or len(theirs) != len(ours):
            raise RuntimeError(f"{name} does not write what we write in {', '.join(different) or 'rows'}")
        print(f"{name}: {len(theirs):,} rows, equal in {', '.join(columns)}")


def _written(folder: Path, name: str, columns: tuple[str, ...]) -> pa.Table:
    table = ds.dataset(folder / name / "written", format="parquet").to_table(columns=list(columns))
    return table.sort_by("order_id").combine_chunks()


def _memory(folder: Path) -> list[str]:
    """Print the peaks of one part with one file and with many; the aim, if it was missed."""
    print()
    peaks = []
    for count in (1, MANY_FILES):
        command = [
            sys.executable,
            "-m",
            "benchmarks",
            "convert",
            "--memory",
            str(count),
            "--folder",
            str(folder),
        ]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        items, seconds, peak = answer.stdout.split()
        peaks.append(int(peak))
        print(
            f"one worker, {count:>2} files, {int(items):>9,} items: peak {int(peak) / 1e6:5.1f} MB", end=", "
        )
        print(f"{int(items) / float(seconds):,.0f} items per processor second")
    ratio = peaks[1] / peaks[0]
    print(
        f"{MANY_FILES} times the files took {ratio:.3f} times the memory; the aim is at most {OF_MEMORY:.2f}"
    )
    return [] if ratio <= OF_MEMORY else ["flat memory"]


def _convert_one_part(count: int, folder: Path) -> int:
    """In a process of its own: the first data file so many times over, as one part."""
    part = ExportPart(number=0, bucket="b", files=tuple(_files(folder)[:1] * count))
    bucket = LocalBucket(folder / "read", None)
    started = process_time()
    with no_garbage_collection():
        result = convert_part(part, attempt=0, target=target(), s3=bucket.client())
    print(result.rows, process_time() - started, high_water_bytes())
    return 0
