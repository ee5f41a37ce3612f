"""A part's rows go to folders by their values of some attributes, in few files that are open at once."""

import gc
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING
from weakref import ReferenceType, ref

import pyarrow as pa
import pytest

from lakeshot.columns.names import column_names
from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import BIGINT, BOOLEAN, DECIMAL, JSON, NULL, STRING, Column, ColumnType
from lakeshot.errors import PartitionError
from lakeshot.files import Compression, FileFormat, open_files, partition_folders
from lakeshot.files.formats import ENCODERS, READERS
from lakeshot.files.object_stream import ObjectStream
from lakeshot.files.part_file import PartFile, filled_attributes
from lakeshot.files.target import Target
from lakeshot.files.upload import MultipartUpload
from lakeshot.files.writer import PartWriter
from tests.unit.conftest import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TARGET = Target(
    bucket=BUCKET,
    prefix="data/",
    run="run-1",
    format=FileFormat.PARQUET,
    compression=Compression.SNAPPY,
    partition_by=("Country",),
    row_group_bytes=1,
)
RowGroup = dict[str, tuple[ColumnType, list[object]]]


def with_country(kind: ColumnType, *values: object) -> RowGroup:
    return {"id": (BIGINT, list(range(len(values)))), "Country": (kind, list(values))}


def typed_groups(groups: Sequence[RowGroup]) -> list[tuple[pa.Table, tuple[Column, ...]]]:
    made = []
    for group in groups:
        names = column_names(group)
        columns = tuple(
            Column(name=names[source], source=source, type=kind) for source, (kind, _) in group.items()
        )
        schema = arrow_schema(columns)
        arrays = [pa.array(v, field.type) for (_, v), field in zip(group.values(), schema, strict=True)]
        made.append((pa.Table.from_arrays(arrays, schema=schema), columns))
    return made


def files_of(s3: "S3Client", *groups: RowGroup, target: Target = TARGET) -> tuple[PartFile, ...]:
    """The files that the row groups end up in."""
    coming = iter(typed_groups(groups))
    writer: PartWriter[pa.Table] = PartWriter(s3, target, 3, lambda _: next(coming))
    with writer:
        for _ in groups:
            writer.write(pa.table({"raw": ["x"]}))
        return writer.finish()


def places(files: Sequence[PartFile]) -> dict[str, int]:
    """Rows by key below the prefix."""
    return {file.key.removeprefix("data/"): file.rows for file in files}


def ended(files: Sequence[PartFile]) -> list[tuple[str, int]]:
    """The same in the order in which the files were ended."""
    return list(places(files).items())


def rows_of(s3: "S3Client", file: PartFile, target: Target) -> list[dict[str, object]]:
    """What a file holds, once it is visible."""
    s3.complete_multipart_upload(
        Bucket=BUCKET,
        Key=file.key,
        UploadId=file.upload_id,
        MultipartUpload={"Parts": [{"PartNumber": one.number, "ETag": one.etag} for one in file.parts]},
    )
    stream = ObjectStream(s3, BUCKET, file.key)
    tables = READERS[target.format](stream, target.stored(file.columns), target.compression)
    return [row for table in tables for row in table.to_pylist()]


def test_each_value_has_a_folder_and_a_file_keeps_its_number(s3: "S3Client") -> None:
    """No value and the empty text have folders, too; numbers are unique in the part."""
    files = files_of(s3, with_country(STRING, "CH", "a/b", None, "CH", ""), with_country(STRING, "", "CH"))
    assert places(files) == {
        "country=%5F/part-00003-0001-4e65d3fb.parquet": 2,
        "country=CH/part-00003-0000-4e65d3fb.parquet": 3,
        "country=__HIVE_DEFAULT_PARTITION__/part-00003-0003-4e65d3fb.parquet": 1,
        "country=a%2Fb/part-00003-0002-4e65d3fb.parquet": 1,
    }


def test_levels_stand_in_the_order_they_were_given(s3: "S3Client") -> None:
    """An attribute that no row has is a level all the same."""
    target = TARGET.model_copy(update={"partition_by": ("Paid", "Nowhere", "Country")})
    group: RowGroup = {**with_country(STRING, "CH", "DE"), "Paid": (BOOLEAN, [True, False])}
    assert {key.rpartition("/")[0] for key in places(files_of(s3, group, target=target))} == {
        "paid=true/nowhere=__HIVE_DEFAULT_PARTITION__/country=CH",
        "paid=false/nowhere=__HIVE_DEFAULT_PARTITION__/country=DE",
    }


@pytest.mark.parametrize("file_format", list(ENCODERS))
def test_files_hold_all_but_the_partition_columns(s3: "S3Client", file_format: FileFormat) -> None:
    """Each row in the file of its folder, in its order; the columns of a part still know them."""
    target = TARGET.model_copy(update={"format": file_format, "compression": Compression.NONE})
    group: RowGroup = {**with_country(STRING, "CH", "DE", "CH"), "None": (NULL, [None] * 3)}
    files = files_of(s3, group, target=target)
    found = {file.key.split("/")[1]: [row["id"] for row in rows_of(s3, file, target)] for file in files}
    assert found == {"country=CH": [0, 2], "country=DE": [1]}
    assert [str(one.type) for one in files[0].columns if one.source == "Country"] == ["string"]
    assert "country" not in {one.name for one in target.stored(files[0].columns)}
    assert filled_attributes(files) == {"id", "Country"}


def test_a_number_goes_to_one_folder_whatever_its_row_groups_type(s3: "S3Client") -> None:
    """A wider type of a partition column opens no file; files do not hold it."""
    files = files_of(
        s3,
        with_country(BIGINT, 1, 2),
        with_country(DECIMAL, Decimal("1"), Decimal("2.5")),
        with_country(NULL, None),
    )
    assert {key.split("/")[0]: rows for key, rows in places(files).items()} == {
        "country=1": 2,
        "country=2": 1,
        "country=2.5": 1,
        "country=__HIVE_DEFAULT_PARTITION__": 1,
    }
    assert len(files) == 4


def test_no_more_files_are_open_than_allowed(s3: "S3Client") -> None:
    """For one more, the file is ended that was written to least recently; its folder may get another."""
    target = TARGET.model_copy(update={"open_files": 2, "collected_bytes": 1})
    files = files_of(s3, *(with_country(STRING, folder) for folder in "abacab"), target=target)
    assert [(place.split("/part-00003-")[0], place[-21:-17], rows) for place, rows in ended(files)] == [
        ("country=b", "0001", 1),
        ("country=c", "0002", 1),
        ("country=a", "0000", 3),
        ("country=b", "0003", 1),
    ]


def test_rows_of_many_folders_are_brought_together(s3: "S3Client") -> None:
    """However they alternate: no file is ended for the next row group's sake."""
    target = TARGET.model_copy(update={"open_files": 2})
    files = files_of(s3, *(with_country(STRING, *"abcde") for _ in range(8)), target=target)
    assert sorted(places(files).values()) == [8] * 5


def test_folders_of_few_rows_wait_for_more(s3: "S3Client") -> None:
    """Those of most rows are written once there are so many bytes; theirs is the file that stays open."""
    target = TARGET.model_copy(update={"open_files": 1, "collected_bytes": 1_000})
    groups = [with_country(STRING, *"aaaaaaaaab") for _ in range(40)]
    files = files_of(s3, *groups, target=target)
    assert [(key.split("/")[0], rows) for key, rows in ended(files)] == [
        ("country=a", 360),
        ("country=b", 40),
    ]


def test_open_files_are_written_before_others_end_them(s3: "S3Client") -> None:
    """Also where a folder that has none has more rows."""
    target = TARGET.model_copy(update={"open_files": 1, "collected_bytes": 200})
    files = files_of(s3, with_country(STRING, *"a" * 30), with_country(STRING, *"babab"), target=target)
    assert ended(files) == [
        ("country=a/part-00003-0000-4e65d3fb.parquet", 32),
        ("country=b/part-00003-0001-4e65d3fb.parquet", 3),
    ]


@pytest.mark.parametrize("collected_bytes", [1, 10**6])
def test_collected_rows_take_the_types_that_all_of_them_need(s3: "S3Client", collected_bytes: int) -> None:
    """Columns that some row groups lack, or have narrower, hold the values of all, in their order."""
    target = TARGET.model_copy(update={"collected_bytes": collected_bytes})
    groups: list[RowGroup] = [
        with_country(STRING, "CH", "DE", "CH"),
        {**with_country(STRING, "CH"), "n": (BIGINT, [1])},
        {**with_country(STRING, "DE", "CH"), "n": (DECIMAL, [None, Decimal("1.5")])},
    ]
    files = files_of(s3, *groups, target=target)
    rows = [row for file in files if "=CH/" in file.key for row in rows_of(s3, file, target)]
    assert [(row["id"], row.get("n")) for row in rows] == [(0, None), (2, None), (0, 1), (1, Decimal("1.5"))]
    assert filled_attributes(files) == {"id", "Country", "n"}


@pytest.mark.parametrize(("cells", "rows"), [(15, [1, 2, 1]), (16, [2, 2])])
def test_rows_are_collected_no_wider_than_a_row_group_may_be(
    s3: "S3Client", cells: int, rows: list[int]
) -> None:
    """Row groups of different attributes would make a column of each for the rows of all."""
    target = TARGET.model_copy(update={"row_group_cells": cells, "open_files": 1})
    groups: list[RowGroup] = [{**with_country(STRING, *"ab"), name: (BIGINT, [1, 1])} for name in "xy"]
    assert [count for _, count in ended(files_of(s3, *groups, target=target))] == rows


def test_a_name_that_the_folders_have_is_nobody_elses(s3: "S3Client") -> None:
    """Whatever attributes come later in the part, the folder cannot be renamed."""
    later: RowGroup = {**with_country(STRING, "CH"), "country": (STRING, ["x"])}
    files = files_of(s3, with_country(STRING, "CH"), later)
    assert {key.split("/")[0] for key in places(files)} == {"country=CH"}
    assert {one.source: one.name for one in files[-1].columns} == {
        "Country": "country",
        "country": "country_aff64e",
        "id": "id",
    }


def test_a_published_name_is_the_folders(s3: "S3Client") -> None:
    """An attribute keeps the name its column had before it was partitioned by."""
    known = (Column(name="country_1", source="Country", type=STRING),)
    target = TARGET.model_copy(update={"known_columns": known})
    assert list(places(files_of(s3, with_country(STRING, "CH"), target=target))) == [
        "country_1=CH/part-00003-0000-4e65d3fb.parquet"
    ]


def refused(s3: "S3Client", *groups: RowGroup) -> str:
    before = s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    with pytest.raises(PartitionError) as caught:
        files_of(s3, *groups)
    assert s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == before
    return str(caught.value)


def test_a_value_that_names_no_folder_ends_the_part(s3: "S3Client") -> None:
    """As soon as it is met, also where an attribute mixes types; nothing is left in S3."""
    assert "attribute 'Country' has values of the type json" in refused(
        s3, with_country(STRING, "CH"), with_country(JSON, '{"a":1}')
    )
    assert "attribute 'Country' has values of the type json" in refused(
        s3, with_country(STRING, "CH"), with_country(BIGINT, 1)
    )


def test_a_value_that_makes_too_long_a_key_ends_the_part_untold(s3: "S3Client") -> None:
    """S3 counts bytes of the whole key, percent-encoded; it has room for a rewritten file's name."""
    room = 1_024 - 9 - len("data/country=/part-00003-0000-4e65d3fb.parquet")
    assert len(files_of(s3, with_country(STRING, "x" * room))) == 1
    message = refused(s3, with_country(STRING, "CH"), with_country(STRING, "x" * (room + 1)))
    assert "the values of 'Country' in some row make a key of 1,025 bytes once they are" in message
    assert "xx" not in message


def test_too_many_folders_end_the_part(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted over all row groups."""
    monkeypatch.setattr(partition_folders, "MOST_FOLDERS", 2)
    assert len(files_of(s3, with_country(STRING, "a"), with_country(STRING, "b", "a"))) == 2
    assert "the values of 'Country' come in more than 2 combinations" in refused(
        s3, with_country(STRING, "a", "b"), with_country(STRING, "c")
    )


def test_too_many_files_end_the_part(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the attributes that keep rows apart; nothing is left in S3."""
    monkeypatch.setattr(partition_folders, "MOST_FILES", 2)
    assert len(files_of(s3, with_country(STRING, "a", "b"))) == 2
    assert (
        "partitioned by 'Country', the rows are in 3 files or more, and one snapshot may have 2; nothing was "
        "published. Name attributes with fewer different values in 'partition_by' of exports.yaml"
    ) in refused(s3, with_country(STRING, "a", "b", "c"))


def test_an_error_aborts_files_that_were_ended(s3: "S3Client") -> None:
    """Those that are open as well."""
    target = TARGET.model_copy(update={"open_files": 1, "collected_bytes": 1})
    coming = iter(typed_groups([with_country(STRING, "a"), with_country(STRING, "b")]))
    writer: PartWriter[pa.Table] = PartWriter(s3, target, 3, lambda _: next(coming))
    for _ in range(2):
        writer.write(pa.table({"raw": ["x"]}))
    assert len(s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]) == 2
    with pytest.raises(RuntimeError, match="source"), writer:
        raise RuntimeError("source")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_an_upload_is_forgotten_once_its_file_is_ended(s3: "S3Client") -> None:
    """Its threads, buffers and checksums would outlive thousands of files."""
    made: list[ReferenceType[MultipartUpload]] = []

    class Watched(MultipartUpload):
        def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
            super().__init__(client, bucket, key)
            made.append(ref(self))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(open_files, "MultipartUpload", Watched)
        coming = iter(typed_groups([with_country(STRING, folder) for folder in "abc"]))
        target = TARGET.model_copy(update={"open_files": 1, "collected_bytes": 1})
        with PartWriter[pa.Table](s3, target, 3, lambda _: next(coming)) as writer:
            for _ in range(3):
                writer.write(pa.table({"raw": ["x"]}))
            gc.collect()
            assert [upload() is not None for upload in made] == [False, False, True]
