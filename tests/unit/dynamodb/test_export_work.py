"""A run converts the exports that it was planned to convert: no others, none less, no file twice."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lakeshot.dynamodb.export_manifest import DataFile
from lakeshot.dynamodb.export_work import export_work
from lakeshot.dynamodb.raw_export import RawExports
from lakeshot.dynamodb.windows import Window
from lakeshot.errors import SourceError
from lakeshot.runs.plan import NativeReading, SourceTable
from tests.unit.conftest import BUCKET, NOON
from tests.unit.dynamodb.exports import TABLE, WINDOW, put_changes, put_items, put_manifest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LATER = Window(begins=WINDOW.repeated_from, ends=WINDOW.ends + timedelta(hours=1))
TOLD = "20261121T110000Z to 20261121T120000Z"
FOLLOWS = "20261121T110000Z"


def reading(*windows: Window, table_arn: str = TABLE) -> NativeReading:
    source = SourceTable(
        name="Reviews",
        arn=table_arn,
        item_count=0,
        size_bytes=0,
        on_demand=False,
        key_attributes={"id": "S"},
    )
    return NativeReading(
        route_from="a test",
        source=source,
        export_time=NOON,
        windows=windows,
        follows=FOLLOWS if windows else None,
    )


def full(s3: "S3Client") -> RawExports:
    files = [put_items(s3, name, [{"id": {"S": name}}]) for name in "ab"]
    return RawExports(export_time=NOON, exports=(put_manifest(s3, files),))


def in_windows(s3: "S3Client", *windows: Window, shared: bool = False) -> RawExports:
    """An export per window, of one file each; or all of them of the very same file."""
    exports = []
    for number, window in enumerate(windows):
        file = put_changes(s3, "x" if shared else f"{number}", [], window=window)
        exports.append(put_manifest(s3, [file], window=window, number=number))
    return RawExports(export_time=NOON, follows=FOLLOWS, exports=tuple(exports))


def planned(s3: "S3Client", of: NativeReading, finished: RawExports) -> list[DataFile]:
    parts = export_work(s3, of, finished, slots=1).parts
    assert {part.bucket for part in parts} == {BUCKET}
    return sorted((file for part in parts for file in part.files), key=lambda file: file.key)


def test_a_full_export_is_all_of_its_files(s3: "S3Client") -> None:
    """They hold the table's items, and the export's manifest is what they are counted by."""
    work = export_work(s3, reading(), full(s3), slots=1)
    assert [file.window for part in work.parts for file in part.files] == [None, None]
    assert work.expected_from == "the item counts of the 2 files in the export's own manifest"


def test_changes_are_the_files_of_all_windows(s3: "S3Client") -> None:
    """Each file knows its window, whatever part it comes to be in."""
    finished = in_windows(s3, WINDOW, LATER)
    assert [file.window for file in planned(s3, reading(WINDOW, LATER), finished)] == [WINDOW, LATER]
    work = export_work(s3, reading(WINDOW, LATER), finished, slots=1)
    assert work.expected_from == "the item counts of the 2 files in 2 exports' own manifests"


def test_a_file_that_no_manifest_names_is_no_part_of_an_export(s3: "S3Client") -> None:
    """Incremental exports share one folder, also with those of others."""
    finished = in_windows(s3, WINDOW)
    put_changes(s3, "of-another", [])
    assert len(planned(s3, reading(WINDOW), finished)) == 1


def test_an_export_of_another_table_is_refused(s3: "S3Client") -> None:
    """Such as one of a table that was made anew under the same name."""
    with pytest.raises(SourceError, match=f"is of table {TABLE}, not of arn:other; start a new run"):
        export_work(s3, reading(table_arn="arn:other"), full(s3), slots=1)


def test_other_exports_than_planned_are_refused(s3: "S3Client") -> None:
    """By their instant, by what they follow, and by their windows."""
    finished = in_windows(s3, WINDOW, LATER)
    for update, told in (
        ({"export_time": LATER.ends}, "show the table as of 2026-11-21 13:00:00.00:00, but planned was"),
        ({"follows": None}, f"follow snapshot None, but planned was {FOLLOWS}; start a new run"),
        (
            {"exports": finished.exports[:1]},
            f"cover {TOLD}, but planned was {TOLD}, 20261121T115800Z to 20261121T130000Z; start a new run",
        ),
        ({"exports": ()}, "cover , but planned was"),
    ):
        with pytest.raises(SourceError, match=f"the finished exports {told}"):
            export_work(s3, reading(WINDOW, LATER), finished.model_copy(update=update), slots=1)


def test_a_full_export_is_none_of_a_window(s3: "S3Client") -> None:
    """Nor the other way round."""
    with pytest.raises(SourceError, match="follow snapshot None"):
        export_work(s3, reading(WINDOW), full(s3), slots=1)
    changes = in_windows(s3, WINDOW).model_copy(update={"follows": None})
    with pytest.raises(SourceError, match="but planned was the whole table; start a new run"):
        export_work(s3, reading(), changes, slots=1)


def test_two_exports_that_name_one_file_are_refused(s3: "S3Client") -> None:
    """Its changes would be there twice."""
    with pytest.raises(SourceError, match=r"two of the exports \S+, \S+ name the same file"):
        export_work(s3, reading(WINDOW, LATER), in_windows(s3, WINDOW, LATER, shared=True), slots=1)
