"""The crawler writes to the catalog what Glue's would."""

import io
from collections.abc import Callable

import fastavro
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from pyarrow import orc

from local.athena.delimited_files import LAZY_SIMPLE
from local.crawler.definition import CrawlerDefinition
from local.crawler.service import CrawlError, crawl_targets
from local.lake.catalog import Column, Table
from tests.unit.local.lake_in_memory import Lake

Crawl = Callable[..., list[str]]


@pytest.fixture
def crawl(lake: Lake) -> Crawl:
    """Crawl ``s3://lake/snapshots-reviews/`` with the given settings, and return the names of the tables."""
    crawled: set[str] = set()

    def run(path: str = "s3://lake/snapshots-reviews/", **settings: object) -> list[str]:
        crawler = {
            "Name": "reviews",
            "DatabaseName": "lakeshot",
            "Targets": {"S3Targets": [{"Path": path}]},
            "SchemaChangePolicy": {},
            **settings,
        }
        return list(crawl_targets(lake.catalog, lake.store, CrawlerDefinition.parse(crawler), crawled))

    return run


def table(lake: Lake, name: str = "snapshots_reviews") -> Table:
    return lake.catalog.databases["lakeshot"][name]


def columns(lake: Lake, name: str = "snapshots_reviews") -> dict[str, str]:
    return {column.name: column.type for column in table(lake, name).storage_descriptor.columns}


def snapshot(lake: Lake, value: str, values: dict[str, object]) -> None:
    lake.store.put_parquet(f"snapshots-reviews/snapshot_timestamp={value}/a.parquet", values)


def test_one_table_named_after_its_folder(lake: Lake, crawl: Crawl) -> None:
    """Hyphens become underscores, folders ``key=value`` become string partitions with their locations."""
    snapshot(lake, "1", {"Id": ["a"], "rating": [5]})
    snapshot(lake, "2", {"Id": ["b"], "rating": [4]})
    assert crawl() == ["snapshots_reviews"]
    made = table(lake)
    assert made.storage_descriptor.location == "s3://lake/snapshots-reviews/"
    assert made.partition_keys == (Column(name="snapshot_timestamp", type="string"),)
    assert columns(lake) == {"id": "string", "rating": "bigint"}
    assert {
        partition.values: partition.storage_descriptor.location
        for partition in lake.catalog.partitions("lakeshot", "snapshots_reviews")
    } == {
        ("1",): "s3://lake/snapshots-reviews/snapshot_timestamp=1/",
        ("2",): "s3://lake/snapshots-reviews/snapshot_timestamp=2/",
    }
    assert lake.rows("SELECT id, rating FROM snapshots_reviews ORDER BY id") == [("a", "5"), ("b", "4")]


def test_parquet_is_described_as_glue_does(lake: Lake, crawl: Crawl) -> None:
    """Formats, SerDe, classification and the crawler's parameters."""
    snapshot(lake, "1", {"id": ["a", "b"]})
    crawl()
    made = table(lake)
    storage = made.storage_descriptor
    assert storage.input_format == "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    assert storage.output_format == "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
    assert storage.serde_info.api() == {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    }
    size = len(lake.store.objects["snapshots-reviews/snapshot_timestamp=1/a.parquet"])
    assert made.parameters == {
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        "UPDATED_BY_CRAWLER": "reviews",
        "averageRecordSize": str(size // 2),
        "classification": "parquet",
        "compressionType": "none",
        "objectCount": "1",
        "recordCount": "2",
        "sizeKey": str(size),
        "typeOfData": "file",
    }


def test_parquet_types_become_hive_types(lake: Lake, crawl: Crawl) -> None:
    """Every type of a footer has its Hive spelling."""
    schema = pa.schema(
        {
            "b": pa.bool_(),
            "i": pa.int32(),
            "f": pa.float32(),
            "g": pa.float64(),
            "d": pa.date32(),
            "p": pa.decimal128(10, 2),
            "x": pa.decimal128(38, 18),
            "y": pa.binary(),
            "t": pa.timestamp("us"),
            "l": pa.list_(pa.decimal128(38, 18)),
            "r": pa.struct({"K": pa.int64()}),
        }
    )
    lake.store.put_parquet("snapshots-reviews/a.parquet", schema.empty_table())
    crawl()
    assert columns(lake) == {
        "b": "boolean",
        "i": "int",
        "f": "float",
        "g": "double",
        "d": "date",
        "p": "decimal(10,2)",
        "x": "decimal(38,18)",
        "y": "binary",
        "t": "timestamp",
        "l": "array<decimal(38,18)>",
        "r": "struct<k:bigint>",
    }
    assert table(lake).partition_keys == ()


def test_json_types_are_inferred(lake: Lake, crawl: Crawl) -> None:
    """Whole numbers are int or bigint, fractions double; arrays and objects nest; conflicts are string."""
    lake.store.put_json(
        "snapshots-reviews/snapshot_timestamp=1/a.json.gz",
        {"Id": "a", "small": 1, "big": 2**31, "part": 1, "mixed": 1, "when": "2026-11-21T00:00:00Z"},
        {"part": 0.5, "mixed": "x", "flag": True, "list": [1, 2.5], "map": {"K": [None]}, "none": None},
    )
    crawl()
    assert columns(lake) == {
        "id": "string",
        "small": "int",
        "big": "bigint",
        "part": "double",
        "mixed": "string",
        "when": "string",
        "flag": "boolean",
        "list": "array<double>",
        "map": "struct<k:array<string>>",
        "none": "string",
    }
    storage = table(lake).storage_descriptor
    assert storage.serde_info.serialization_library == "org.openx.data.jsonserde.JsonSerDe"
    assert storage.serde_info.parameters == {"paths": "big,flag,id,list,map,mixed,none,part,small,when"}
    assert storage.input_format == "org.apache.hadoop.mapred.TextInputFormat"
    assert storage.compressed
    assert table(lake).parameters["classification"] == "json"
    assert table(lake).parameters["compressionType"] == "gzip"


def test_a_partition_has_its_own_columns_unless_it_inherits(lake: Lake, crawl: Crawl) -> None:
    """InheritFromTable gives partitions the table's columns; without it they keep what their files say."""
    snapshot(lake, "1", {"id": ["a"], "b": [1], "c": [1]})
    snapshot(lake, "2", {"id": ["b"], "b": [1], "c": [1], "d": [1]})

    def partition_columns() -> list[int]:
        partitions = lake.catalog.partitions("lakeshot", "snapshots_reviews")
        return [len(partition.storage_descriptor.columns) for partition in partitions]

    crawl()
    assert partition_columns() == [3, 4]
    inherit = '{"Version": 1.0, "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}}'
    crawl(Configuration=inherit)
    assert partition_columns() == [4, 4]


def test_unlike_folders_become_tables_unless_combined(lake: Lake, crawl: Crawl) -> None:
    """Below 70 % of common columns each folder is a table; CombineCompatibleSchemas keeps one."""
    snapshot(lake, "1", {"id": ["a"], "b": [1]})
    snapshot(lake, "2", {"id": ["b"], "c": [1]})
    assert crawl() == ["snapshot_timestamp_1", "snapshot_timestamp_2"]
    combine = '{"Version": 1.0, "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas"}}'
    assert crawl(Configuration=combine) == ["snapshots_reviews"]
    assert columns(lake) == {"id": "string", "b": "bigint", "c": "bigint"}


def test_folders_without_keys_are_numbered_partitions(lake: Lake, crawl: Crawl) -> None:
    """Plain folders of like files are ``partition_0`` of one table; at a table level they are tables."""
    lake.store.put_parquet("snapshots-reviews/eu/a.parquet", {"id": ["a"]})
    lake.store.put_parquet("snapshots-reviews/us/a.parquet", {"id": ["b"]})
    assert crawl() == ["snapshots_reviews"]
    assert table(lake).partition_keys == (Column(name="partition_0", type="string"),)
    level = '{"Version": 1.0, "Grouping": {"TableLevelConfiguration": 3}}'
    assert crawl(Configuration=level) == ["eu", "us"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"id": "string", "b": "string", "c": "bigint"}),
        ({"SchemaChangePolicy": {"UpdateBehavior": "LOG"}}, {"id": "string", "b": "bigint"}),
        (
            {"Configuration": '{"CrawlerOutput": {"Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}}}'},
            {"id": "string", "b": "bigint", "c": "bigint"},
        ),
        ({"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}}, {"id": "string", "b": "bigint"}),
    ],
)
def test_a_changed_schema_follows_the_policy(
    lake: Lake, crawl: Crawl, settings: dict[str, object], expected: dict[str, str]
) -> None:
    """Updated, only logged, or only extended; new partitions are added in any case."""
    combine = '{"Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas"}}'
    snapshot(lake, "1", {"id": ["a"], "b": [1]})
    crawl(Configuration=combine)
    snapshot(lake, "2", {"id": ["b"], "b": ["x"], "c": [1]})
    merged = str(settings.get("Configuration", "{}"))[:-1]
    joined = merged + (", " if len(merged) > 1 else "") + combine[1:]
    crawl(**(settings | {"Configuration": joined}))
    assert columns(lake) == expected
    assert [p.values for p in lake.catalog.partitions("lakeshot", "snapshots_reviews")] == [("1",), ("2",)]


NEW_FOLDERS = {"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}}


def partitions(lake: Lake) -> list[tuple[str, ...]]:
    return [p.values for p in lake.catalog.partitions("lakeshot", "snapshots_reviews")]


def test_a_crawl_of_new_folders_never_comes_back_to_an_old_one(lake: Lake, crawl: Crawl) -> None:
    """A folder crawled once is passed over: changed files and a removed partition stay unnoticed."""
    snapshot(lake, "1", {"id": ["a"], "b": [1]})
    snapshot(lake, "2", {"id": ["b"], "b": [2]})
    crawl(**NEW_FOLDERS)
    before = table(lake)
    lake.catalog.delete_partition("lakeshot", "snapshots_reviews", ("1",))
    snapshot(lake, "2", {"id": ["b"], "b": ["x"]})
    snapshot(lake, "3", {"id": ["c"], "b": [3]})
    crawl(**NEW_FOLDERS)
    assert partitions(lake) == [("2",), ("3",)]
    assert table(lake) == before
    crawl()
    assert partitions(lake) == [("2",), ("3",), ("1",)]


def test_a_crawl_of_new_folders_leaves_out_what_does_not_fit_the_table(lake: Lake, crawl: Crawl) -> None:
    """A new folder with other columns becomes no partition and no table of its own."""
    snapshot(lake, "1", {"id": ["a"], "b": [1]})
    crawl(**NEW_FOLDERS)
    snapshot(lake, "2", {"x": ["a"], "y": [1]})
    snapshot(lake, "3", {"id": ["c"], "b": [3]})
    assert crawl(**NEW_FOLDERS) == ["snapshots_reviews"]
    assert partitions(lake) == [("1",), ("3",)]
    assert list(lake.catalog.databases["lakeshot"]) == ["snapshots_reviews"]


@pytest.mark.parametrize(
    ("behavior", "left"),
    [
        ("LOG", [("1",), ("2",)]),
        ("DEPRECATE_IN_DATABASE", [("1",), ("2",)]),
        ("DELETE_FROM_DATABASE", [("2",)]),
    ],
)
def test_partitions_without_files(
    lake: Lake, crawl: Crawl, behavior: str, left: list[tuple[str, ...]]
) -> None:
    """A registered partition whose files are gone is removed only by DELETE_FROM_DATABASE."""
    snapshot(lake, "1", {"id": ["a"]})
    snapshot(lake, "2", {"id": ["b"]})
    crawl()
    del lake.store.objects["snapshots-reviews/snapshot_timestamp=1/a.parquet"]
    crawl(SchemaChangePolicy={"DeleteBehavior": behavior})
    assert [p.values for p in lake.catalog.partitions("lakeshot", "snapshots_reviews")] == left


@pytest.mark.parametrize(
    ("behavior", "left", "deprecated"),
    [
        ("LOG", ["snapshots_reviews"], False),
        ("DEPRECATE_IN_DATABASE", ["snapshots_reviews"], True),
        ("DELETE_FROM_DATABASE", [], False),
    ],
)
def test_a_table_without_files(
    lake: Lake, crawl: Crawl, behavior: str, left: list[str], deprecated: bool
) -> None:
    """The crawler's own table over an emptied target is left, deprecated or deleted by policy."""
    snapshot(lake, "1", {"id": ["a"]})
    crawl()
    lake.store.objects.clear()
    assert crawl(SchemaChangePolicy={"DeleteBehavior": behavior}) == []
    tables = lake.catalog.databases["lakeshot"]
    assert list(tables) == left
    assert any("DEPRECATED_BY_CRAWLER" in entry.parameters for entry in tables.values()) is deprecated


def test_prefix_exclusions_and_hidden_files(lake: Lake, crawl: Crawl) -> None:
    """TablePrefix goes before the name; excluded and hidden files are not looked at."""
    snapshot(lake, "1", {"id": ["a"]})
    lake.store.put_parquet("snapshots-reviews/_temporary/a.parquet", {"other": [1]})
    lake.store.put_parquet("snapshots-reviews/old/a.parquet", {"other": [1]})
    target = {"Path": "s3://lake/snapshots-reviews", "Exclusions": ["old/**"]}
    assert crawl(TablePrefix="raw_", Targets={"S3Targets": [target]}) == ["raw_snapshots_reviews"]
    assert columns(lake, "raw_snapshots_reviews") == {"id": "string"}


def test_a_name_taken_by_another_place_gets_a_hash(lake: Lake, crawl: Crawl) -> None:
    """A table of this name elsewhere is left alone."""
    lake.declare("snapshots_reviews", {"id": "string"})
    snapshot(lake, "1", {"id": ["a"]})
    assert crawl() == ["snapshots_reviews_85e5ed44e7ce5dfa6f8fd65eccee4ece"]
    assert table(lake).storage_descriptor.location == "s3://lake/snapshots_reviews/"


def test_an_empty_target_makes_no_table(lake: Lake, crawl: Crawl) -> None:
    """Nothing found, nothing written."""
    assert crawl() == []
    assert lake.catalog.databases["lakeshot"] == {}


def test_a_missing_permission_fails_the_crawl_by_name(lake: Lake, crawl: Crawl) -> None:
    """The message of LastCrawl names action and resource."""
    denied = "User: r is not authorized to perform: s3:ListBucket on resource: arn:aws:s3:::lake"

    def refuse(_location: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": denied}}, "ListObjectsV2")

    lake.store.list = refuse  # type: ignore[assignment, method-assign]
    with pytest.raises(CrawlError) as failure:
        crawl()
    assert str(failure.value) == f"ERROR : {denied}"


def test_a_missing_database_fails_the_crawl(lake: Lake, crawl: Crawl) -> None:
    """The crawler does not make databases."""
    with pytest.raises(CrawlError, match="Database nowhere not found"):
        crawl(DatabaseName="nowhere")


def write_orc(lake: Lake, key: str) -> None:
    body = io.BytesIO()
    orc.write_table(pa.table({"Id": ["a"], "n": [1]}), body)
    lake.store.objects[key] = body.getvalue()


def write_avro(lake: Lake, key: str) -> None:
    fields = [{"name": "Id", "type": ["null", "string"]}, {"name": "n", "type": ["null", "long"]}]
    body = io.BytesIO()
    schema = fastavro.parse_schema({"type": "record", "name": "row", "fields": fields})
    fastavro.writer(body, schema, [{"Id": "a", "n": 1}])
    lake.store.objects[key] = body.getvalue()


@pytest.mark.parametrize(("name", "write"), [("orc", write_orc), ("avro", write_avro)])
def test_formats_that_tell_their_types(
    lake: Lake, crawl: Crawl, name: str, write: Callable[[Lake, str], None]
) -> None:
    """Classified by their first bytes, and readable as they are described but for ORC's order."""
    write(lake, f"snapshots-reviews/snapshot_timestamp=1/a.{name}")
    crawl()
    made = table(lake)
    assert made.parameters["classification"] == name
    assert made.parameters["recordCount"] == "1"
    assert columns(lake) == {"id": "string", "n": "bigint"}
    assert lake.rows("SELECT id, n FROM snapshots_reviews") == [("a", "1")]


@pytest.mark.parametrize(
    ("lines", "found", "header"),
    [
        (b"r-1,5\nr-2,7\n", {"col0": "string", "col1": "bigint"}, None),
        (b"id,stars\nr-2,7\n", {"id": "string", "stars": "bigint"}, "1"),
        (b"r-1,x\nr-2,y\n", {"col0": "string", "col1": "string"}, None),
        (b"a;true\nb;false\n", {"col0": "string", "col1": "boolean"}, None),
    ],
)
def test_delimited_lines_are_csv(
    lake: Lake, crawl: Crawl, lines: bytes, found: dict[str, str], header: str | None
) -> None:
    """A first row of names above something that is no text is taken for a header, be it one or not."""
    lake.store.objects["snapshots-reviews/a.csv"] = lines
    crawl()
    assert columns(lake) == found
    assert table(lake).parameters["classification"] == "csv"
    assert table(lake).parameters.get("skip.header.line.count") == header
    assert table(lake).storage_descriptor.serde_info.serialization_library == LAZY_SIMPLE


@pytest.mark.parametrize(
    "lines", [b"one row,of two\n", b"one\ncolumn\n", b"a,b\nc,d,e\n", b"\xff\xfe\n\x00,\n"]
)
def test_lines_that_no_classifier_knows_make_no_table(lake: Lake, crawl: Crawl, lines: bytes) -> None:
    """Fewer than two rows or columns, rows of other lengths, or no text."""
    lake.store.objects["snapshots-reviews/a.csv"] = lines
    assert crawl() == []
