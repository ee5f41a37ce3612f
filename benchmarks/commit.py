"""What thousands of part results take in the driver: their bytes, the memory, and the commit's schema work.

Each result has one file of 1,600 columns. Once all files have the same columns, once there are 200
different sets of columns, once every file has its own. S3 is left out: it costs the same for any columns.
"""

import argparse
import pickle
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from time import process_time

from benchmarks.machine import machine_line
from lakeshot.columns import packed
from lakeshot.columns.types import BIGINT, DECIMAL, STRING, Column
from lakeshot.commit.commit import Commit, snapshot_columns
from lakeshot.commit.part import PartResult
from lakeshot.commit.rewrite import rewrites
from lakeshot.commit.schema_change import SchemaChange
from lakeshot.files import Compression, FileFormat
from lakeshot.files.part_file import PartFile, filled_attributes
from lakeshot.files.target import Target
from lakeshot.files.upload import UncommittedFile, UploadedPart

MOMENT = datetime(2026, 11, 21, 12, tzinfo=UTC)
PREFIX = "snapshots_reviews/snapshot_timestamp=20261121T120000Z/"
KINDS = (STRING, BIGINT, DECIMAL)
MOST_BYTES, MOST_SECONDS = 512 * 1024**2, 60.0
"""Of memory for the results, and of processor time for schema work: what a driver has to spare."""


def main(arguments: list[str]) -> int:
    """Print a line per number of schemas; 1 if one takes more memory or time than it may."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks commit")
    parser.add_argument("--results", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--columns", type=int, default=1_600, help="default: %(default)s")
    given = parser.parse_args(arguments)
    print(machine_line("pydantic"))
    print(f"{given.results:,} results of a file of {given.columns:,} columns")
    print(f"{'schemas':>8}{'pickled MB':>12}{'held MB':>9}{'peak MB':>9}{'seconds':>9}{'rewrites':>10}")
    cases = (1, min(200, given.results), given.results)
    within = [_measured(given.results, given.columns, schemas) for schemas in cases]
    print(f"aims: at most {MOST_BYTES / 1e6:,.0f} MB at the peak and {MOST_SECONDS:.0f} s")
    return 0 if all(within) else 1


def _measured(results: int, columns: int, schemas: int) -> bool:
    """Print one case's line; whether it is within the aims."""
    pickled = [pickle.dumps(result) for result in _results(results, columns, schemas)]
    size = sum(map(len, pickled))
    seconds, chosen = _schema_work([pickle.loads(one) for one in pickled], columns)  # noqa: S301  (our own)
    tracemalloc.start()  # what traces memory takes time, so that both are measured apart
    received = [pickle.loads(one) for one in pickled]  # noqa: S301
    held, _ = tracemalloc.get_traced_memory()
    _schema_work(received, columns)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(
        f"{schemas:>8,}{size / 1e6:>12,.1f}{held / 1e6:>9,.1f}{peak / 1e6:>9,.1f}{seconds:>9.2f}{chosen:>10,}"
    )
    sys.stdout.flush()
    return peak <= MOST_BYTES and seconds <= MOST_SECONDS


def _schema_work(results: list[PartResult], columns: int) -> tuple[float, int]:
    """Processor seconds of a commit's work on the results' columns, and how many files it would rewrite."""
    for cache in (packed.pack, packed.unpack):
        cache.cache_clear()
    what = _commit(len(results), columns)
    started = process_time()
    files = [file for result in results for file in result.files]
    found = snapshot_columns(what, files)
    chosen = rewrites(what.target, files, found)
    SchemaChange.between(what.target.known_columns, found, filled_attributes(files))
    return process_time() - started, len(chosen)


def _commit(parts: int, columns: int) -> Commit:
    target = Target(
        bucket="b",
        prefix=PREFIX,
        run="benchmark",
        format=FileFormat.PARQUET,
        compression=Compression.SNAPPY,
        known_columns=_columns(columns),
    )
    return Commit(
        export="reviews",
        moment=MOMENT,
        moment_from="the run's start",
        snapshot="20261121T120000Z",
        target=target,
        manifest_key="runs/reviews/benchmark/manifest.json",
        baseline="s3://b/runs/reviews/before/manifest.json",
        parts=parts,
        key_columns=(),
        expected_from="the sum of Count",
        started_at=MOMENT,
    )


def _columns(count: int) -> tuple[Column, ...]:
    names = [f"attribute_of_a_wide_table_{number:04d}" for number in range(count)]
    return tuple(
        Column(name=name, source=name.title(), type=KINDS[number % len(KINDS)])
        for number, name in enumerate(names)
    )


def _results(count: int, columns: int, schemas: int) -> Iterator[PartResult]:
    known = _columns(columns)
    for number in range(count):
        own, schema = known, number % schemas
        if schema:  # it has an attribute of its own in the place of another one
            rare, place = f"attribute_that_is_rare_{schema:05d}", schema % columns
            own = (*known[:place], Column(name=rare, source=rare, type=STRING), *known[place + 1 :])
        file = UncommittedFile(
            key=f"{PREFIX}part-{number:05d}-0000-4e65d3fb.parquet",
            upload_id=f"{number:0128d}",
            parts=tuple(
                UploadedPart(number=part, etag=f'"{number:032x}"', crc32="c" * 8) for part in range(1, 9)
            ),
            rows=1,
            bytes=64 * 1024**2,
            sha256=f"{number:064x}",
            crc32="c" * 8,
        )
        yield PartResult(
            part=number,
            attempt=0,
            files=(PartFile.of(file, own, (column.source for column in own[:: 1 + number % 7])),),
            rows=1,
            source_count=1,
            scanned_count=1,
            consumed_units=0.5,
            pages=1,
            seconds=1.0,
        )
