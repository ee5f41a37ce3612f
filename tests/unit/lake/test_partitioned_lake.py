"""Snapshots whose rows are partitioned by attributes, in the catalog and in the view."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import Column
from lakeshot.commit.commit import Commit, commit
from lakeshot.commit.manifest import Manifest
from lakeshot.commit.part import PartResult
from lakeshot.errors import CatalogError
from lakeshot.files import Compression, FileFormat
from lakeshot.files.formats import ENCODERS
from lakeshot.files.target import Target
from lakeshot.files.writer import PartWriter
from lakeshot.lake.hive import HiveLake
from lakeshot.lake.partitions import partition_snapshots
from lakeshot.lake.view_sql import shown_select
from tests.unit.conftest import BUCKET, NOON
from tests.unit.lake.conftest import EmbeddedAthena
from tests.unit.manifests import column, shown_of

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_s3.client import S3Client

DAY_1, DAY_2 = "20261121T120000Z", "20261122T120000Z"
COLUMNS = (
    column("Id", "string"),
    column("Country", "string"),
    column("Stars", "bigint"),
    column("Price", "decimal(38,18)"),
)
ROWS: list[tuple[str, str | None, int | None, Decimal | None]] = [
    ("1", "CH", 5, Decimal("1")),
    ("2", "a/b=c%", 5, None),
    ("3", "", None, Decimal("1.5")),
    ("4", None, 1, None),
    ("5", "__HIVE_DEFAULT_PARTITION__", 1, None),
    ("6", 'it\'s "é"\n', 1, None),
]


def snapshot(
    s3: "S3Client",
    *rows: tuple[object, ...],
    moment: str = DAY_1,
    file_format: FileFormat = FileFormat.PARQUET,
    partition_by: tuple[str, ...] = ("Country", "Stars"),
    columns: tuple[Column, ...] = COLUMNS,
) -> Manifest:
    """A snapshot of these rows, committed."""
    target = Target(
        bucket=BUCKET,
        prefix=f"snapshots_reviews/snapshot_timestamp={moment}/",
        run=f"run-{moment}-{len(partition_by)}",
        format=file_format,
        compression=Compression.NONE,
        partition_by=partition_by,
    )
    schema = arrow_schema(columns)
    table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
    writer: PartWriter[pa.Table] = PartWriter(s3, target, 0, lambda _: (table, columns))
    with writer:
        writer.write(pa.table({"raw": ["x"] * len(rows)}))
        files = writer.finish()
    part = PartResult(
        part=0, attempt=0, files=files, rows=len(rows), source_count=len(rows), scanned_count=0,
        consumed_units=0, pages=1, seconds=0,
    )  # fmt: skip
    what = Commit(
        export="reviews", moment=NOON, moment_from="a test", snapshot=moment, target=target,
        manifest_key=f"runs/reviews/{target.run}/manifest.json", baseline=None, parts=1,
        key_columns=columns[:1], expected_from="a test", started_at=NOON,
    )  # fmt: skip
    return commit(s3, what, [part], guard=lambda: None, now=lambda: NOON).manifest


def partitions(glue: "GlueClient", table: str = "snapshots_reviews") -> dict[tuple[str, ...], Any]:
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName="lakeshot", TableName=table)
    return {tuple(one["Values"]): one for page in pages for one in page["Partitions"]}


def shown(lake: HiveLake, athena: EmbeddedAthena, manifest: Manifest, sql: str) -> list[list[str | None]]:
    """What a query of the snapshot's view returns; the query calls it ``v``."""
    select = shown_select(lake.deployed, shown_of(manifest))
    return athena.rows(athena.run(f"WITH v AS ({select}) {sql}"))


def counted(lake: HiveLake, athena: EmbeddedAthena, manifest: Manifest) -> int:
    """How many rows a snapshot is counted to have."""
    return athena.numbers(athena.run(lake.count_query(shown_of(manifest), compared=None)))["rows"]


@pytest.mark.parametrize("file_format", list(ENCODERS))
def test_the_view_shows_every_row_as_it_was(
    s3: "S3Client", lake: HiveLake, athena: EmbeddedAthena, file_format: FileFormat
) -> None:
    """In the usual order of columns and in their types; partition columns among them."""
    manifest = snapshot(s3, *ROWS, file_format=file_format)
    lake.register(manifest, 1)
    definition = lake.stage(shown_of(manifest), run="run-1")
    assert [(one.name, one.type) for one in definition.columns] == [
        ("id", "string"),
        ("country", "string"),
        ("price", "decimal(38,18)"),
        ("stars", "bigint"),
        ("snapshot_timestamp", "string"),
    ]
    found = shown(
        lake, athena, manifest, "SELECT id, country, stars, CAST(price AS double) FROM v ORDER BY id"
    )
    assert found == [
        [id_, country, None if stars is None else str(stars), None if price is None else str(float(price))]
        for id_, country, stars, price in ROWS
    ]
    assert counted(lake, athena, manifest) == len(ROWS)


def test_table_and_partitions_are_declared_by_folder(
    s3: "S3Client", glue: "GlueClient", lake: HiveLake
) -> None:
    """Keys are texts below the snapshot's; no file is said to have their columns."""
    lake.register(snapshot(s3, *ROWS[:3]), 1)
    table = glue.get_table(DatabaseName="lakeshot", Name="snapshots_reviews")["Table"]
    assert table["PartitionKeys"] == [
        {"Name": name, "Type": "string"} for name in ("snapshot_timestamp", "country", "stars")
    ]
    assert [one["Name"] for one in table["StorageDescriptor"]["Columns"]] == ["id", "price"]
    found = partitions(glue)
    assert set(found) == {
        (DAY_1, "CH", "5"),
        (DAY_1, "a%2Fb%3Dc%25", "5"),
        (DAY_1, "%5F", "__HIVE_DEFAULT_PARTITION__"),
    }
    one = found[DAY_1, "a%2Fb%3Dc%25", "5"]
    assert one["StorageDescriptor"]["Location"] == (
        f"s3://{BUCKET}/snapshots_reviews/snapshot_timestamp={DAY_1}/country=a%2Fb%3Dc%25/stars=5/"
    )
    assert [column["Name"] for column in one["StorageDescriptor"]["Columns"]] == ["id", "price"]
    assert one["Parameters"]["recordCount"] == "1"


def test_more_partitions_than_one_call_takes_are_written_again_and_removed(
    s3: "S3Client", glue: "GlueClient", lake: HiveLake
) -> None:
    """All of one snapshot and none of another; repeating changes nothing."""
    many = snapshot(s3, *(("1", str(number), 1, None) for number in range(120)))
    lake.register(many, 1)
    before = partitions(glue)
    lake.register(many, 1)
    after = partitions(glue)
    assert (len(before), after.keys()) == (120, before.keys())
    lake.register(snapshot(s3, *ROWS[:1], moment=DAY_2), 1)
    for _ in range(2):
        lake.remove(DAY_1, 1, changes=False)
        assert set(partitions(glue)) == {(DAY_2, "CH", "5")}


def test_a_snapshot_without_rows_can_be_counted_and_shown(
    s3: "S3Client", lake: HiveLake, athena: EmbeddedAthena
) -> None:
    """It has none, and its columns are those of its types."""
    manifest = snapshot(s3)
    lake.register(manifest, 1)
    lake.stage(shown_of(manifest), run="run-1")
    assert counted(lake, athena, manifest) == 0


def test_a_number_that_is_wider_in_a_later_snapshot_stays_in_the_table(
    s3: "S3Client", lake: HiveLake, athena: EmbeddedAthena
) -> None:
    """Keys are texts; each snapshot's view says which numbers they are."""
    wider = (*COLUMNS[:2], column("Stars", "decimal(38,18)"), COLUMNS[3])
    first = snapshot(s3, *ROWS[:1])
    second = snapshot(s3, ("1", "CH", Decimal("4.5"), None), moment=DAY_2, columns=wider)
    lake.register(first, 1)
    lake.register(second, 1)
    assert shown(lake, athena, first, "SELECT stars FROM v") == [["5"]]
    assert shown(lake, athena, second, "SELECT stars FROM v") == [["4.500000000000000000"]]


def test_a_table_with_other_keys_is_neither_taken_nor_changed(
    s3: "S3Client", glue: "GlueClient", lake: HiveLake
) -> None:
    """A run that failed may have left it, and a run that was closed may come late."""
    by_two, by_one = snapshot(s3, *ROWS[:1]), snapshot(s3, *ROWS[:1], moment=DAY_2, partition_by=("Stars",))
    assert lake.takes(by_two, 1)
    lake.register(by_two, 1)
    assert (lake.takes(by_two, 1), lake.takes(by_one, 1), lake.takes(by_one, 2)) == (True, False, True)
    with pytest.raises(CatalogError) as caught:
        lake.register(by_one, 1)
    assert (
        "table lakeshot.snapshots_reviews is partitioned by snapshot_timestamp, country, stars, and snapshot "
        f"{DAY_2} by snapshot_timestamp, stars: another run has made it meanwhile"
    ) in str(caught.value)
    assert set(partitions(glue)) == {(DAY_1, "CH", "5")}


def test_a_key_whose_name_begins_with_a_digit_is_named_alike_in_every_format(
    s3: "S3Client", lake: HiveLake, athena: EmbeddedAthena
) -> None:
    """Only columns inside Avro files need another name."""
    columns = (column("Id", "string"), column("1st", "string"), column("2nd", "string"))
    manifest = snapshot(
        s3, ("1", "a", "b"), columns=columns, partition_by=("1st",), file_format=FileFormat.AVRO
    )
    lake.register(manifest, 1)
    assert shown(lake, athena, manifest, 'SELECT "1st", "2nd" FROM v') == [["a", "b"]]


def test_a_partition_that_glue_does_not_take_is_told(
    s3: "S3Client", glue: "GlueClient", lake: HiveLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Glue's own words."""
    detail = {"ErrorCode": "ResourceNumberLimitExceededException", "ErrorMessage": "too many"}
    answer = {"Errors": [{"PartitionValues": ["x"], "ErrorDetail": detail}]}
    manifest = snapshot(s3, *ROWS)
    lake.register(manifest, 1)
    for operation in ("batch_create_partition", "batch_delete_partition"):
        monkeypatch.setattr(glue, operation, lambda **_: answer)
    with pytest.raises(CatalogError, match="was not written: ResourceNumberLimitExceededException: too many"):
        lake.register(manifest, 1)
    with pytest.raises(CatalogError, match="was not removed: ResourceNumberLimitExceededException: too many"):
        lake.remove(DAY_1, 1, changes=False)


def test_partitions_of_a_table_with_another_first_key_are_removed(glue: "GlueClient", lake: HiveLake) -> None:
    """AWS takes no expression over a key that a table has not; the first value tells whose they are."""
    keys: list[Any] = [{"Name": name, "Type": "string"} for name in ("moment", "country")]
    glue.create_table(
        DatabaseName="lakeshot", TableInput={"Name": "snapshots_reviews", "PartitionKeys": keys}
    )
    values: list[Any] = [[DAY_1, "CH"], [DAY_1, "DE"], [DAY_2, "CH"]]
    glue.batch_create_partition(
        DatabaseName="lakeshot",
        TableName="snapshots_reviews",
        PartitionInputList=[{"Values": one} for one in values],
    )
    for _ in range(2):
        lake.remove(DAY_1, 1, changes=False)
        assert set(partitions(glue)) == {(DAY_2, "CH")}


def test_all_partitions_are_listed_without_an_expression(
    s3: "S3Client", glue: "GlueClient", lake: HiveLake
) -> None:
    """An empty one is no expression to AWS."""
    asked: list[object] = []
    glue.meta.events.register(
        "provide-client-params.glue.GetPartitions", lambda params, **_: asked.append(params.get("Expression"))
    )
    lake.register(snapshot(s3, *ROWS[:2]), 1)
    assert partition_snapshots(glue, "lakeshot", "snapshots_reviews") == {DAY_1}
    lake.remove(DAY_1, 1, changes=False)
    assert asked == [None, f"snapshot_timestamp = '{DAY_1}'"]
