"""A part's rows become as few files as their types and the target size allow."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lakeshot.columns.nesting import Nested
from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import BIGINT, DECIMAL, JSON, NULL, STRING, Column, ColumnType, array_of
from lakeshot.errors import NestedValuesError, PinnedTypeError
from lakeshot.files import Compression, FileFormat
from lakeshot.files.part_file import PartFile, filled_attributes
from lakeshot.files.target import Target
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
    row_group_bytes=1,
)


def column(name: str, kind: ColumnType) -> Column:
    return Column(name=name, source=name, type=kind)


RowGroup = dict[str, tuple[ColumnType, list[object]]]


def files_of(s3: "S3Client", *groups: RowGroup, target: Target = TARGET) -> tuple[PartFile, ...]:
    """The files that the row groups end up in."""
    coming = iter(groups)

    def typed(_: Sequence[pa.Table]) -> tuple[pa.Table, tuple[Column, ...]]:
        group = next(coming)
        columns = tuple(column(name, kind) for name, (kind, _) in group.items())
        arrays = [
            pa.array(values, field.type)
            for (_, values), field in zip(group.values(), arrow_schema(columns), strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=arrow_schema(columns)), columns

    with PartWriter(s3, target, 3, typed) as writer:
        for _ in groups:
            writer.write(pa.table({"raw": ["x"]}))
        return writer.finish()


def written(
    s3: "S3Client", *groups: RowGroup, target: Target = TARGET
) -> list[tuple[str, int, dict[str, str]]]:
    """Key, rows and columns of each file that the row groups end up in."""
    files = files_of(s3, *groups, target=target)
    return [(f.key, f.rows, {c.name: str(c.type) for c in f.columns}) for f in files]


def test_keys_name_part_file_and_run(s3: "S3Client") -> None:
    """Every attempt at a part uses the same keys, and no other run does."""
    assert written(s3, {"a": (STRING, ["x"])}) == [
        ("data/part-00003-0000-4e65d3fb.parquet", 1, {"a": "string"})
    ]


def test_a_wider_type_opens_a_file(s3: "S3Client") -> None:
    """What no longer fits goes on in a new file, which keeps the wider type."""
    files = written(
        s3,
        {"n": (BIGINT, [1])},
        {"n": (DECIMAL, [Decimal("1.5")])},
        {"n": (BIGINT, [2])},
    )
    assert [(rows, columns) for _, rows, columns in files] == [
        (1, {"n": "bigint"}),
        (2, {"n": "decimal(38,18)"}),
    ]


def test_a_new_column_opens_a_file_and_a_missing_one_does_not(s3: "S3Client") -> None:
    """A file has the columns it was opened with; rows that lack one hold null."""
    files = written(
        s3,
        {"a": (STRING, ["x"])},
        {"a": (STRING, ["y"]), "b": (BIGINT, [1])},
        {"a": (STRING, ["z"])},
    )
    assert [(rows, columns) for _, rows, columns in files] == [
        (1, {"a": "string"}),
        (2, {"a": "string", "b": "bigint"}),
    ]


def test_nothing_but_nulls_never_opens_a_file(s3: "S3Client") -> None:
    """A column without values is noted but forces nothing, before or after its type is known."""
    files = written(
        s3,
        {"a": (STRING, ["x"]), "b": (NULL, [None])},
        {"a": (STRING, ["y"]), "c": (NULL, [None])},
    )
    assert [(rows, columns) for _, rows, columns in files] == [
        (2, {"a": "string", "b": "null", "c": "null"}),
    ]


def test_known_columns_are_there_from_the_start(s3: "S3Client") -> None:
    """Files start from the last published schema, so an attribute met late opens no file."""
    target = TARGET.model_copy(update={"known_columns": (column("a", STRING), column("b", BIGINT))})
    files = written(s3, {"a": (STRING, ["x"])}, {"a": (STRING, ["y"]), "b": (BIGINT, [1])}, target=target)
    assert [(rows, columns) for _, rows, columns in files] == [(2, {"a": "string", "b": "bigint"})]


def test_known_columns_keep_their_names(s3: "S3Client") -> None:
    """An attribute that is new never takes a published name, in any file."""
    known = (Column(name="id", source="Id", type=STRING),)
    target = TARGET.model_copy(update={"known_columns": known})
    assert written(s3, {"id": (BIGINT, [1])}, target=target) == [
        ("data/part-00003-0000-4e65d3fb.parquet", 1, {"id": "string", "id_a56145": "bigint"})
    ]


def test_pinned_columns_have_their_type_from_the_start(s3: "S3Client") -> None:
    """A pin holds for a known column and for a new one, and opens no second file."""
    target = TARGET.model_copy(
        update={"known_columns": (column("a", JSON),), "pins": {"a": BIGINT, "b": DECIMAL, "c": STRING}}
    )
    files = written(
        s3,
        {"a": (BIGINT, [1]), "b": (BIGINT, [1]), "c": (NULL, [None])},
        {"b": (DECIMAL, [Decimal("1.5")]), "c": (NULL, [None])},
        target=target,
    )
    assert [(rows, columns) for _, rows, columns in files] == [
        (2, {"a": "bigint", "b": "decimal(38,18)", "c": "null"})
    ]


def test_what_a_pin_does_not_hold_ends_the_part_at_once(s3: "S3Client") -> None:
    """The row group that holds it is the last one looked at, and no upload stays behind."""
    looked_at: list[int] = []

    def typed(tables: Sequence[pa.Table]) -> tuple[pa.Table, tuple[Column, ...]]:
        looked_at.append(tables[0].column("n")[0].as_py())
        return pa.table({"n": ["secret"]}), (column("n", STRING),)

    target = TARGET.model_copy(update={"pins": {"n": DECIMAL}})

    def write_all() -> None:
        with PartWriter(s3, target, 3, typed) as writer:
            for number in range(3):
                writer.write(pa.table({"n": [number]}))

    with pytest.raises(PinnedTypeError) as caught:
        write_all()
    assert looked_at == [0]
    assert "attribute 'n' is pinned to decimal(38,18), but holds values that need string" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_a_file_knows_which_attributes_have_values(s3: "S3Client") -> None:
    """Nothing but nulls is no value, whether the column has a type or not."""
    target = TARGET.model_copy(update={"known_columns": (column("known", BIGINT),)})
    files = files_of(
        s3,
        {"a": (STRING, ["x"]), "b": (NULL, [None]), "c": (BIGINT, [None])},
        {"d": (BIGINT, [1])},
        target=target,
    )
    assert [filled_attributes([file]) for file in files] == [{"a"}, {"d"}]
    assert filled_attributes(files) == {"a", "d"}


def test_a_row_group_ends_before_it_has_too_many_cells(s3: "S3Client") -> None:
    """Rows times columns are bounded too, so that sparse rows of many columns do not fill the memory."""
    groups: list[list[int]] = []

    def typed(tables: Sequence[pa.Table]) -> tuple[pa.Table, tuple[Column, ...]]:
        groups.append([table.num_rows for table in tables])
        return pa.table({"a": ["x"]}), (column("a", STRING),)

    target = TARGET.model_copy(update={"row_group_bytes": 1024**2, "row_group_cells": 8})
    with PartWriter(s3, target, 3, typed) as writer:
        for names in ("a", "a", "b", "cdef", "cdefghijk", "a"):
            writer.write(pa.table({name: ["x", "y"] for name in names}))
        writer.finish()
    assert groups == [[2, 2], [2], [2], [2], [2]]


def test_a_file_ends_at_its_target_size(s3: "S3Client") -> None:
    """Reaching the size closes the file after the row group."""
    target = TARGET.model_copy(update={"file_bytes": 1})
    files = written(s3, {"a": (STRING, ["x"])}, {"a": (STRING, ["y"])}, target=target)
    assert [rows for _, rows, _ in files] == [1, 1]


@pytest.mark.parametrize(
    ("file_format", "kind", "value"),
    [
        (FileFormat.PARQUET, JSON, '{"a":1}'),
        (FileFormat.CSV, JSON, '{"a":1}'),
        (FileFormat.CSV, array_of(STRING), ["x"]),
    ],
)
def test_nested_values_may_be_refused(
    s3: "S3Client", file_format: FileFormat, kind: ColumnType, value: object
) -> None:
    """The first row group that has some ends the part, naming the attribute; nothing is left in S3."""
    changes = {"format": file_format, "compression": Compression.GZIP, "nested": Nested.REFUSE}
    target = TARGET.model_copy(update=changes)
    groups: list[RowGroup] = [{"id": (STRING, ["a"])}, {"Address": (kind, [value])}, {"id": (STRING, ["b"])}]
    with pytest.raises(NestedValuesError, match=f"attribute 'Address' holds values of the type {kind}"):
        files_of(s3, *groups, target=target)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_what_a_format_has_a_type_for_is_not_nested(s3: "S3Client") -> None:
    """Sets are arrays everywhere but in CSV; a pin takes an attribute's own JSON text out of the question."""
    target = TARGET.model_copy(update={"nested": Nested.REFUSE, "known_columns": (column("old", JSON),)})
    pinned = target.model_copy(update={"pins": {"old": STRING}})
    files = written(s3, {"tags": (array_of(STRING), [["x"]]), "old": (STRING, ["x"])}, target=pinned)
    assert [columns for _, _, columns in files] == [{"old": "string", "tags": "array<string>"}]
    with pytest.raises(NestedValuesError, match="'old'"):
        files_of(s3, {"tags": (array_of(STRING), [["x"]])}, target=target)


def test_published_columns_stay_in_their_places(s3: "S3Client") -> None:
    """New ones follow, those of a table's keys before the rest."""
    target = TARGET.model_copy(
        update={"known_columns": (column("z", STRING), column("m", BIGINT)), "first": ("key",)}
    )
    group: RowGroup = {name: (STRING, ["x"]) for name in ("a", "key", "z")}
    assert list(written(s3, group, target=target)[0][2]) == ["z", "m", "key", "a"]


def test_columns_without_values_have_their_place_in_csv(s3: "S3Client") -> None:
    """Where a column is nothing but its place, one of nulls has one too."""
    target = TARGET.model_copy(update={"format": FileFormat.CSV, "compression": Compression.NONE})
    (file,) = files_of(s3, {"a": (STRING, ["x"]), "b": (NULL, [None]), "c": (STRING, ["y"])}, target=target)
    assert target.stored(file.columns) == file.columns
    assert file.bytes == len(b"x,\\N,y\n")


def test_no_rows_make_no_file(s3: "S3Client") -> None:
    """A segment without items leaves nothing in S3."""
    assert written(s3) == []
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_an_error_aborts_every_upload_of_the_part(s3: "S3Client") -> None:
    """Files finished before the error are given up as well."""

    def typed(tables: Sequence[pa.Table]) -> tuple[pa.Table, tuple[Column, ...]]:
        return tables[0], (column("raw", STRING),)

    target = TARGET.model_copy(update={"file_bytes": 1})
    writer = PartWriter(s3, target, 0, typed)
    writer.write(pa.table({"raw": ["x"]}))
    writer.write(pa.table({"raw": ["y"]}))
    with pytest.raises(RuntimeError, match="source"), writer:
        raise RuntimeError("source")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)
