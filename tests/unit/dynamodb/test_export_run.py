"""One part of an export converted into files nobody can see yet."""

import gzip
import pickle
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from lakeshot.columns.changes import CHANGE_COLUMNS
from lakeshot.columns.nesting import Nested
from lakeshot.commit.part import PartResult
from lakeshot.dynamodb.export_manifest import DataFile
from lakeshot.dynamodb.export_parts import ExportPart
from lakeshot.dynamodb.export_run import ExportWorker, convert_part
from lakeshot.dynamodb.table_run import Driver
from lakeshot.dynamodb.windows import Window
from lakeshot.errors import NestedValuesError, SourceError
from lakeshot.files import Compression, FileFormat
from lakeshot.files.target import Target
from lakeshot.rate.budget import Progress, ReadBudget
from lakeshot.rate.server import BudgetServer
from lakeshot.worker_process import forget_clients
from tests.unit.conftest import BUCKET
from tests.unit.dynamodb.exports import WINDOW, Item, change, put_changes, put_data, put_items

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TARGET = Target(
    bucket=BUCKET, prefix="data/", run="run-1", format=FileFormat.JSON, compression=Compression.NONE
)


OF_CHANGES = TARGET.model_copy(update={"known_columns": CHANGE_COLUMNS})
ITEM: Item = {"id": {"S": "a"}}


def convert(
    s3: "S3Client", *files: DataFile, seen: list[Progress] | None = None, target: Target = TARGET
) -> PartResult:
    """The part of these files; each look at the clock takes a quarter of a second."""
    part, clock = ExportPart(number=7, bucket=BUCKET, files=files), count(0, 0.25)
    reports: list[Progress] = [] if seen is None else seen
    return convert_part(
        part, attempt=1, target=target, s3=s3, report=reports.append, clock=lambda: float(next(clock))
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


def test_the_changes_of_all_windows_become_rows(s3: "S3Client") -> None:
    """One row per change, each with its own window, and the columns of changes where the target has them."""
    later = Window(begins=WINDOW.repeated_from, ends=WINDOW.ends + timedelta(hours=1))
    files = [
        put_changes(s3, "a", [change(ITEM, ITEM), change(ITEM, old=ITEM)]),
        put_changes(s3, "b", [change(ITEM, ITEM, ITEM)], window=later),
    ]
    result = convert(s3, *files, target=OF_CHANGES)
    assert (result.rows, result.source_count) == (3, 3)
    (file,) = result.files
    assert file.columns[:5] == CHANGE_COLUMNS
    assert [column.source for column in file.columns[5:]] == ["id"]


def test_old_images_are_no_nested_values(s3: "S3Client") -> None:
    """They are JSON text whatever the items hold; those of the items are refused where that is set."""
    refusing = OF_CHANGES.model_copy(update={"nested": Nested.REFUSE})
    assert convert(s3, put_changes(s3, "a", [change(ITEM, ITEM, ITEM)]), target=refusing).rows == 1
    with pytest.raises(NestedValuesError, match="attribute 'map'"):
        convert(s3, put_changes(s3, "b", [change(ITEM, {**ITEM, "map": {"M": {}}})]), target=refusing)


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


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ({"a": {"N": "secret"}}, "line 2: attribute 'a' cannot be read: a number is none that"),
        ({"lakeshot:a": {"S": "secret"}}, "line 2: attribute 'lakeshot:a' begins with 'lakeshot:'"),
    ],
)
def test_a_fault_of_a_change_is_told_likewise(
    s3: "S3Client", image: dict[str, dict[str, str]], told: str
) -> None:
    """The file is known by its manifest to hold changes."""
    bad = put_changes(s3, "bad", [change(ITEM, ITEM), change(ITEM, image)])
    with pytest.raises(SourceError) as refused:
        convert(s3, bad)
    assert str(refused.value).startswith(f"s3://{BUCKET}/{bad.key} cannot be read: {told}")
    assert "secret" not in str(refused.value)


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
