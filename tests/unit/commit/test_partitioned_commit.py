"""The commit of a snapshot whose rows are partitioned by attributes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from lakeshot.columns.types import BIGINT, DECIMAL, JSON, NULL, STRING, Column, ColumnType
from lakeshot.commit.commit import Commit
from lakeshot.errors import PartitionError
from lakeshot.files import FileFormat, partition_folders
from lakeshot.files.formats import ENCODERS
from tests.unit.commit.test_commit import PREFIX, column, committed, keys, part, what

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def by_country(
    parts: int,
    file_format: FileFormat = FileFormat.PARQUET,
    known: tuple[Column, ...] | None = None,
) -> Commit:
    commit = what(parts, file_format, known)
    return commit.model_copy(
        update={"target": commit.target.model_copy(update={"partition_by": ("country",)})}
    )


def rows(ids: str, kind: ColumnType, *countries: object) -> dict[str, tuple[ColumnType, list[object]]]:
    return {"id": (STRING, list(ids)), "country": (kind, list(countries))}


def data_keys(s3: "S3Client") -> list[str]:
    return [PREFIX + key for key in keys(s3) if not key.startswith("runs/")]


def types(columns: tuple[Column, ...]) -> Mapping[str, str]:
    return {one.name: str(one.type) for one in columns}


@pytest.mark.parametrize("file_format", list(ENCODERS))
def test_the_manifest_lists_files_in_their_folders(s3: "S3Client", file_format: FileFormat) -> None:
    """Rows of one value of all parts lie together; the columns know of the attribute, and no file does."""
    of = by_country(2, file_format)
    results = [
        part(s3, of, 0, rows("abc", STRING, "CH", "DE", "CH")),
        part(s3, of, 1, rows("d", STRING, "CH")),
    ]
    done = committed(s3, of, results)
    found = [(one.key.removeprefix(PREFIX).rpartition("/")[0], one.rows) for one in done.files]
    assert found == [("country=CH", 2), ("country=CH", 1), ("country=DE", 1)]
    assert [one.key for one in done.files] == data_keys(s3)
    assert types(done.columns) == {"id": "string", "country": "string"}
    assert done.partition_by == ("country",)


def test_a_wider_type_of_a_partition_column_rewrites_nothing(s3: "S3Client") -> None:
    """Its values are texts, which the view gives the type that all parts need."""
    of = by_country(2)
    results = [
        part(s3, of, 0, rows("a", BIGINT, 1)),
        part(s3, of, 1, rows("b", DECIMAL, Decimal("1.5"))),
    ]
    done = committed(s3, of, results)
    assert types(done.columns)["country"] == "decimal(38,18)"
    assert [one.key.removeprefix(PREFIX) for one in done.files] == [
        "country=1.5/part-00001-0000-4e65d3fb.parquet",
        "country=1/part-00000-0000-4e65d3fb.parquet",
    ]


@pytest.mark.parametrize("file_format", [FileFormat.PARQUET, FileFormat.CSV])
def test_a_rewritten_file_stays_in_its_folder(s3: "S3Client", file_format: FileFormat) -> None:
    """Where another column's type has widened, or its place changed; nothing of the first try stays."""
    of = by_country(2, file_format)
    results = [
        part(s3, of, 0, {**rows("a", STRING, "CH"), "n": (BIGINT, [1])}),
        part(s3, of, 1, {**rows("b", STRING, "DE"), "n": (DECIMAL, [Decimal("1.5")])}),
    ]
    done = committed(s3, of, results)
    folders = [one.key.removeprefix(PREFIX).rpartition("/")[0] for one in done.files]
    assert folders == ["country=CH", "country=DE"]
    assert [one.rows for one in done.files] == [1, 1]
    names = [one.key.rpartition("/")[2] for one in done.files]
    assert names[0].startswith("part-00000-0000-4e65d3fb-")  # the narrow one is written again
    assert data_keys(s3) == [one.key for one in done.files]


def test_an_attribute_that_had_values_may_have_none_any_more(s3: "S3Client") -> None:
    """All rows lie in null's folder, and the column stays what it was."""
    of = by_country(1, known=(column("id", STRING), column("country", STRING)))
    done = committed(s3, of, [part(s3, of, 0, {"id": (STRING, ["a"])})])
    assert types(done.columns) == {"id": "string", "country": "string"}
    assert [one.key.split("/")[2] for one in done.files] == ["country=__HIVE_DEFAULT_PARTITION__"]


def test_a_snapshot_without_rows_has_a_file_in_nulls_folder(s3: "S3Client") -> None:
    """So its table has a partition to read nothing from."""
    of = by_country(1)
    done = committed(s3, of, [part(s3, of, 0, {})])
    assert [(one.key.split("/")[2], one.rows) for one in done.files] == [
        ("country=__HIVE_DEFAULT_PARTITION__", 0)
    ]
    assert types(done.columns) == {"id": "string", "country": "null"}


def test_the_baseline_is_not_told_that_folders_have_no_values(s3: "S3Client") -> None:
    """A partition column is filled if some row has a value; new columns alone are new."""
    of = by_country(1, known=(column("id", STRING), column("country", STRING)))
    done = committed(s3, of, [part(s3, of, 0, rows("a", STRING, "CH"))])
    assert done.schema_change is not None
    assert done.schema_change.summary() == ""


def refused(s3: "S3Client", of: Commit, *values: dict[str, tuple[ColumnType, list[object]]]) -> str:
    results = [part(s3, of, number, one) for number, one in enumerate(values)]
    with pytest.raises(PartitionError) as caught:
        committed(s3, of, results)
    assert keys(s3) == []
    return str(caught.value)


def test_parts_that_together_have_too_many_folders_are_not_committed(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has few of its own; nothing is visible."""
    monkeypatch.setattr(partition_folders, "MOST_FOLDERS", 2)
    values = (rows("ab", STRING, "CH", "DE"), rows("c", STRING, "FR"))
    assert "come in more than 2 combinations" in refused(s3, by_country(2), *values)


def test_parts_that_together_have_too_many_files_are_not_committed(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has few of its own; without partitions, a snapshot may have as many as it needs."""
    monkeypatch.setattr(partition_folders, "MOST_FILES", 2)
    values = (rows("ab", STRING, "CH", "DE"), rows("c", STRING, "CH"))
    message = refused(s3, by_country(2), *values)
    assert "partitioned by 'country', the rows are in 3 files or more, and one snapshot may have 2" in message
    of = what(3)
    results = [part(s3, of, number, rows("a", STRING, "CH")) for number in range(3)]
    assert len(committed(s3, of, results).files) == 3


@pytest.mark.parametrize(
    ("there", "hint"),
    [("Country", " (there is 'Country')"), ("contry", " (there is 'contry')"), ("stars", "")],
)
@pytest.mark.parametrize("known", [None, (column("id", STRING), column("country", NULL))])
def test_an_attribute_that_no_row_ever_had_is_taken_for_a_mistake(
    s3: "S3Client", there: str, hint: str, known: tuple[Column, ...] | None
) -> None:
    """All rows would lie in null's folder; a snapshot without rows, published before, says nothing of it."""
    message = refused(s3, by_country(1, known=known), {"id": (STRING, ["a"]), there: (STRING, ["CH"])})
    assert message == (
        f"no row has a value of 'country', by which 'partition_by' keeps rows apart{hint}; nothing was "
        "published. Correct or remove it in 'partition_by' of exports.yaml, deploy and run again"
    )


def test_parts_that_together_mix_types_are_not_committed(s3: "S3Client") -> None:
    """Texts in one part, numbers in another: that is JSON text, which names no folder."""
    values = (rows("a", STRING, "CH"), rows("b", BIGINT, 1))
    assert "attribute 'country' has values of the type json" in refused(s3, by_country(2), *values)


def test_a_column_that_was_published_as_json_has_to_be_pinned(s3: "S3Client") -> None:
    """It never becomes narrower by itself; the message says so when the first row is written."""
    of = by_country(1, known=(column("id", STRING), column("country", JSON)))
    with pytest.raises(PartitionError, match="pin it to that below 'types'"):
        part(s3, of, 0, rows("a", STRING, "CH"))
    target = of.target.model_copy(update={"pins": {"country": STRING}})
    pinned = of.model_copy(update={"target": target})
    done = committed(s3, pinned, [part(s3, pinned, 0, rows("a", STRING, "CH"))])
    assert types(done.columns)["country"] == "string"
