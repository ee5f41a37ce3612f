"""A run of changes from the files of its windows to the committed table of changes."""

import gzip
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from lakeshot.columns.types import BIGINT, STRING, Column
from lakeshot.commit.commit import commit
from lakeshot.commit.manifest import Manifest
from lakeshot.config.deployed import Deployed
from lakeshot.dynamodb.export_run import convert_part
from lakeshot.dynamodb.export_work import export_work
from lakeshot.dynamodb.raw_export import RawExports
from lakeshot.dynamodb.table_run import table_commit
from lakeshot.dynamodb.windows import Window
from lakeshot.files import Compression, FileFormat
from lakeshot.files.formats import ENCODERS
from lakeshot.runs.plan import NativeReading
from tests.unit.conftest import BUCKET, NOON
from tests.unit.dynamodb.exports import TABLE, WINDOW, WRITTEN, change, put_changes, put_manifest
from tests.unit.dynamodb.test_table_run import plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LATER = Window(begins=WINDOW.repeated_from, ends=WINDOW.ends + timedelta(hours=1))
A, B = ({"Id": {"S": name}} for name in "ab")
KNOWN = (
    Column(name="id", source="Id", type=STRING),
    Column(name="stars", source="Stars", type=BIGINT),
    Column(name="note", source="Note", type=STRING),
)


def converted(
    s3: "S3Client", deployed: Deployed, file_format: FileFormat, lines: list[list[object]]
) -> Manifest:
    """The manifest of a run that reads these changes, those of a window each."""
    windows = (WINDOW, LATER)
    compression = Compression.SNAPPY if file_format is FileFormat.PARQUET else Compression.GZIP
    deployed = deployed.model_copy(update={"format": file_format, "compression": compression})
    planned = plan(deployed)
    source = planned.table.model_copy(update={"arn": TABLE})
    reading = NativeReading(
        route_from="a test",
        source=source,
        export_time=LATER.ends,
        windows=windows,
        follows="20261121T110000Z",
    )
    planned = planned.model_copy(update={"reading": reading})
    exports = tuple(
        put_manifest(s3, [put_changes(s3, f"{number}", own, window=window)], window=window, number=number)
        for number, (window, own) in enumerate(zip(windows, lines, strict=True))
    )
    finished = RawExports(export_time=LATER.ends, follows="20261121T110000Z", exports=exports)
    work = export_work(s3, reading, finished, slots=1)
    what = table_commit(planned, KNOWN, parts=len(work.parts), expected_from=work.expected_from)
    results = [convert_part(part, attempt=0, target=what.target, s3=s3) for part in work.parts]
    return commit(s3, what, results, guard=lambda: None, now=lambda: NOON).manifest


LINES: list[list[object]] = [
    [
        change(A, {**A, "Stars": {"N": "4"}}),
        change(B, {**B, "Stars": {"N": "1"}}, {**B, "Stars": {"N": "2"}}, written=WRITTEN + 3_599_000_000),
    ],
    [change(A, old={**A, "Stars": {"N": "4"}})],
]


def test_changes_of_two_windows_are_one_partition(s3: "S3Client", deployed: Deployed) -> None:
    """Counted by both manifests; an attribute that nobody wrote keeps its column."""
    manifest = converted(s3, deployed, FileFormat.PARQUET, LINES)
    assert (manifest.rows, manifest.expected_rows) == (3, 3)
    assert manifest.expected_from == "the item counts of the 2 files in 2 exports' own manifests"
    assert (manifest.keys, manifest.follows) == (("Id",), "20261121T110000Z")
    tables = [
        pq.read_table(BytesIO(s3.get_object(Bucket=BUCKET, Key=file.key)["Body"].read()))
        for file in manifest.files
    ]
    rows = {(row["change_window"], row["id"]): row for table in tables for row in table.to_pylist()}
    assert rows["20261121T120000Z", "b"] == {
        "change_operation": "update",
        "change_written_micros": WRITTEN + 3_599_000_000,
        "change_window": "20261121T120000Z",
        "change_repeated": True,
        "change_old_image": '{"Id":"b","Stars":2}',
        "id": "b",
        "stars": 1,
        "note": None,
    }
    told = {key: (row["change_operation"], row["stars"]) for key, row in rows.items()}
    assert told == {
        ("20261121T120000Z", "a"): ("insert", 4),
        ("20261121T120000Z", "b"): ("update", 1),
        ("20261121T130000Z", "a"): ("delete", None),
    }


def test_columns_of_changes_come_first_where_columns_are_places(s3: "S3Client", deployed: Deployed) -> None:
    """As they do in CSV; a new attribute comes last."""
    manifest = converted(s3, deployed, FileFormat.CSV, [[change(A, {**A, "Age": {"N": "7"}})], []])
    (file,) = manifest.files
    body = s3.get_object(Bucket=BUCKET, Key=file.key)["Body"].read()
    assert gzip.decompress(body) == f"insert,{WRITTEN},20261121T120000Z,false,\\N,a,\\N,\\N,7\n".encode()
    assert [column.name for column in manifest.columns[5:]] == ["id", "stars", "note", "age"]


@pytest.mark.parametrize("file_format", ENCODERS)
def test_windows_without_any_write_are_a_partition_too(
    s3: "S3Client", deployed: Deployed, file_format: FileFormat
) -> None:
    """Of one file that has all columns and no row."""
    manifest = converted(s3, deployed, file_format, [[], []])
    assert (manifest.rows, len(manifest.files), len(manifest.columns)) == (0, 1, 8)
