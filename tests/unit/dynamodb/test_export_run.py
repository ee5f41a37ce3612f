"""The files of an export shared out among parts, and one part converted into files nobody can see yet."""

import gzip
import pickle
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.commit.part import PartResult
from lakeshot.dynamodb.export_manifest import DataFile
from lakeshot.dynamodb.export_run import ExportPart, ExportWorker, convert_part, export_parts
from lakeshot.dynamodb.table_run import Driver
from lakeshot.dynamodb.worker_process import forget_clients
from lakeshot.errors import SourceError
from lakeshot.files import Compression, FileFormat
from lakeshot.files.writer import Target
from lakeshot.rate.budget import Progress, ReadBudget
from lakeshot.rate.server import BudgetServer
from tests.unit.conftest import BUCKET
from tests.unit.dynamodb.exports import put_data, put_items

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TARGET = Target(
    bucket=BUCKET, prefix="data/", run="run-1", format=FileFormat.JSON, compression=Compression.NONE
)


def convert(s3: "S3Client", *files: DataFile, seen: list[Progress] | None = None) -> PartResult:
    """The part of these files; each look at the clock takes a quarter of a second."""
    part, clock = ExportPart(number=7, bucket=BUCKET, files=files), count(0, 0.25)
    reports: list[Progress] = [] if seen is None else seen
    return convert_part(
        part, attempt=1, target=TARGET, s3=s3, report=reports.append, clock=lambda: float(next(clock))
    )


def uploads(s3: "S3Client") -> int:
    return len(s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []))


def test_the_rows_of_all_files_become_one_upload(s3: "S3Client") -> None:
    """One row per item; the source's count is the manifest's."""
    files = [put_items(s3, name, [{"id": {"S": name}}] * 2) for name in ("a", "b")]
    result = convert(s3, *files, put_data(s3, "empty", gzip.compress(b""), 0))
    assert (result.part, result.attempt, result.rows, result.source_count) == (7, 1, 4, 4)
    assert (result.scanned_count, result.consumed_units, result.pages, result.seconds) == (4, 0.0, 2, 0.75)
    (file,) = result.files
    assert file.key.startswith("data/part-00007-0000-")
    assert [column.source for column in file.columns] == ["id"]
    assert uploads(s3) == 1


def test_a_part_of_empty_files_writes_nothing(s3: "S3Client") -> None:
    """There may be as many as there are empty partitions."""
    result = convert(s3, put_data(s3, "a", b"", 0))
    assert (result.files, result.rows, result.source_count) == ((), 0, 0)


def test_any_error_leaves_no_upload_behind(s3: "S3Client") -> None:
    """Rows were on their way already."""
    many = [{"id": {"S": "x" * 1_000}}] * 15_000  # more than a row group
    first = put_items(s3, "a", many)
    with pytest.raises(SourceError, match="missing"):
        convert(s3, first, DataFile(key="gone.json.gz", items=1, md5=""))
    assert uploads(s3) == 0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"Item":{"a":{"N":"secret"}}}', "line 2: attribute 'a' cannot be read: a number is none that"),
        (b'{"Item":{"a":{"S":"se\\cret"}}}', "line 2: it is not JSON"),
        (b'{"Item":{"a":{"NS":["1",2]}}}', "line 2: attribute 'a' cannot be read: not the JSON of texts"),
    ],
)
def test_a_fault_seen_late_is_told_by_its_file_and_line(s3: "S3Client", line: bytes, told: str) -> None:
    """Values are looked at a row group at a time, whose files have been read already."""
    good = put_items(s3, "good", [{"a": {"S": "x"}}])
    bad = put_data(s3, "bad", gzip.compress(b'{"Item":{}}\n' + line + b"\n"), 2)
    with pytest.raises(SourceError) as refused:
        convert(s3, good, bad, good)
    assert str(refused.value).startswith(f"s3://{BUCKET}/{bad.key} cannot be read: {told}")
    assert "cret" not in str(refused.value)


def files_of(counts: list[int]) -> list[DataFile]:
    return [DataFile(key=f"{index}", items=count, md5="") for index, count in enumerate(counts)]


@given(st.lists(st.integers(0, 5_000_000), max_size=60), st.integers(1, 9))
def test_every_file_is_in_one_part_and_parts_are_even(counts: list[int], slots: int) -> None:
    """No part has a whole largest file's items, and one, more than any other."""
    files = files_of(counts)
    parts = export_parts("b", files, slots)
    assert sorted(file.key for part in parts for file in part.files) == sorted(file.key for file in files)
    assert [part.number for part in parts] == list(range(len(parts)))
    assert all(part.files and part.bucket == "b" for part in parts)
    if parts:
        sizes = [sum(file.items + 1 for file in part.files) for part in parts]
        assert max(sizes) - min(sizes) <= max(counts) + 1


@pytest.mark.parametrize(
    ("counts", "slots", "parts"),
    [
        ([], 4, 0),
        ([10] * 3, 4, 3),
        ([10] * 100, 4, 16),
        ([0] * 100, 4, 16),
        ([500_000] * 100, 4, 51),
        ([50_000_000] * 20_000, 4, 10_000),
    ],
)
def test_there_are_parts_for_all_slots_and_none_is_huge(counts: list[int], slots: int, parts: int) -> None:
    """Four a slot, more for many items, never more than there are files or a commit may have."""
    assert len(export_parts("b", files_of(counts), slots)) == parts


def test_the_files_of_a_part_are_in_the_manifests_order() -> None:
    """So a repeated run writes the same rows in the same order."""
    parts = export_parts("b", files_of([2, 9, 1, 1, 3, 1, 1, 1]), 1)
    assert [[file.key for file in part.files] for part in parts] == [
        ["1"],
        ["4", "6"],
        ["0", "5"],
        ["2", "3", "7"],
    ]


def test_it_tells_how_far_it_is_once_a_second_and_at_its_end(s3: "S3Client") -> None:
    """Rows and bytes; an export's files are read without the table's units."""
    seen: list[Progress] = []
    convert(s3, *(put_items(s3, name, [{"id": {"S": name}}]) for name in "abcde"), seen=seen)
    assert [(progress.part, progress.rows, progress.units) for progress in seen] == [(7, 4, 0.0), (7, 5, 0.0)]
    assert seen[-1].bytes > 0


def test_a_worker_converts_with_its_processes_own_client(s3: "S3Client") -> None:
    """It travels to that process without one."""
    part = ExportPart(number=0, bucket=BUCKET, files=(put_items(s3, "a", [{"id": {"S": "1"}}]),))
    forget_clients()
    seen: list[int] = []
    budget = ReadBudget(1.0, on_progress=lambda progress: seen.append(progress.rows))
    with BudgetServer(budget, b"key", host="127.0.0.1") as server:
        worker = ExportWorker(TARGET, "us-east-1", Driver(server.address, b"key"))
        assert pickle.loads(pickle.dumps(worker))(part, 0).rows == 1  # noqa: S301
    forget_clients()
    assert seen == [1]
