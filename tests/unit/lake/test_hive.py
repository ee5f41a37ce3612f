"""Tables and partitions in the Glue catalog, from the manifest."""

from typing import TYPE_CHECKING

import pytest

from lakeshot.columns.changes import CHANGE_COLUMNS
from lakeshot.config.deployed import Deployed
from lakeshot.files import FileFormat
from lakeshot.files.delimited import Delimited
from lakeshot.files.formats import ENCODERS
from lakeshot.lake.hive import HiveLake
from tests.unit.conftest import BUCKET
from tests.unit.lake.conftest import EmbeddedAthena, Versions
from tests.unit.manifests import COLUMNS, column, manifest, shown_of

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_glue.type_defs import StorageDescriptorTypeDef

DAY_1, DAY_2, DAY_3 = "20261121T120000Z", "20261122T120000Z", "20261123T120000Z"


def columns(glue: "GlueClient", table: str = "snapshots_reviews") -> dict[str, str]:
    found = glue.get_table(DatabaseName="lakeshot", Name=table)["Table"]
    return {column["Name"]: column["Type"] for column in found["StorageDescriptor"]["Columns"]}


def snapshots(glue: "GlueClient", table: str = "snapshots_reviews") -> list[str]:
    found = glue.get_partitions(DatabaseName="lakeshot", TableName=table)["Partitions"]
    return [partition["Values"][0] for partition in found]


def test_a_first_snapshot_makes_table_and_partition(glue: "GlueClient", lake: HiveLake) -> None:
    """Types are the manifest's, the location is the snapshot's own."""
    lake.register(manifest(), 1)
    assert columns(glue) == {
        "id": "string",
        "stars": "bigint",
        "price": "decimal(38,18)",
        "photo": "binary",
        "sizes": "array<decimal(38,18)>",
    }
    partition = glue.get_partition(
        DatabaseName="lakeshot", TableName="snapshots_reviews", PartitionValues=[DAY_1]
    )["Partition"]
    assert partition["StorageDescriptor"]["Location"] == (
        "s3://lakeshot-dev-123456789012-us-east-1/snapshots_reviews/snapshot_timestamp=20261121T120000Z/"
    )


def test_json_lines_are_declared_as_they_are_written(glue: "GlueClient", lake: HiveLake) -> None:
    """Decimals and binary are text there; the view casts them back."""
    lake.register(manifest(file_format=FileFormat.JSON), 1)
    assert columns(glue) == {
        "id": "string",
        "stars": "bigint",
        "price": "string",
        "photo": "string",
        "sizes": "array<string>",
    }


LAYOUTS = {
    FileFormat.PARQUET: (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        {"serialization.format": "1"},
    ),
    FileFormat.ORC: (
        "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
        "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
        "org.apache.hadoop.hive.ql.io.orc.OrcSerde",
        {"serialization.format": "1", "orc.column.index.access": "false"},
    ),
    FileFormat.AVRO: (
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
        "org.apache.hadoop.hive.serde2.avro.AvroSerDe",
        {
            "serialization.format": "1",
            "avro.schema.literal": '{"type":"record","name":"row","namespace":"lakeshot","fields":['
            '{"name":"id","type":["null","string"],"default":null},'
            '{"name":"_1st","type":["null",{"type":"array","items":'
            '{"type":"bytes","logicalType":"decimal","precision":38,"scale":18}}],"default":null}]}',
        },
    ),
    FileFormat.JSON: (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "org.openx.data.jsonserde.JsonSerDe",
        {"case.insensitive": "true"},
    ),
    FileFormat.CSV: (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        {"serialization.format": ",", "field.delim": ",", "serialization.null.format": "\\N"},
    ),
}


@pytest.mark.parametrize("file_format", list(ENCODERS))
def test_every_format_is_declared_as_its_readers_take_it(
    glue: "GlueClient", lake: HiveLake, file_format: FileFormat
) -> None:
    """Table and partition say the same of it."""
    columns = (column("Id", "string"), column("1st", "array<decimal(38,18)>"))
    lake.register(manifest(file_format=file_format, columns=columns), 1)
    name = "snapshots_reviews"
    table = glue.get_table(DatabaseName="lakeshot", Name=name)["Table"]
    partition = glue.get_partition(DatabaseName="lakeshot", TableName=name, PartitionValues=[DAY_1])
    assert table["Parameters"]["classification"] == file_format.value
    for storage in (table["StorageDescriptor"], partition["Partition"]["StorageDescriptor"]):
        serde = storage["SerdeInfo"]
        assert LAYOUTS[file_format] == (
            storage["InputFormat"],
            storage["OutputFormat"],
            serde["SerializationLibrary"],
            serde["Parameters"],
        )


@pytest.mark.parametrize(
    ("file_format", "given", "said"),
    [
        (FileFormat.TEXT, Delimited(delimiter="\t"), ("\t", None)),
        (FileFormat.TEXT, Delimited(delimiter="|", header=True), ("|", "1")),
        (FileFormat.CSV, Delimited(delimiter=";", header=True), (";", "1")),
        (FileFormat.CSV, None, (",", None)),
    ],
)
def test_lines_are_declared_as_they_are_made_up(
    glue: "GlueClient",
    lake: HiveLake,
    file_format: FileFormat,
    given: Delimited | None,
    said: tuple[str, str | None],
) -> None:
    """Delimiter and header, in the table and in each partition; Glue calls all of them csv."""
    delimiter, header = said
    lake.register(manifest(file_format=file_format).model_copy(update={"delimited": given}), 1)
    name = "snapshots_reviews"
    table = glue.get_table(DatabaseName="lakeshot", Name=name)["Table"]
    found = glue.get_partition(DatabaseName="lakeshot", TableName=name, PartitionValues=[DAY_1])["Partition"]
    assert table["Parameters"]["classification"] == "csv"
    for entry in (table["Parameters"], found["Parameters"]):
        assert entry.get("skip.header.line.count") == header
    for storage in (table["StorageDescriptor"], found["StorageDescriptor"]):
        serde = storage["SerdeInfo"]
        assert serde["SerializationLibrary"] == "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
        assert serde["Parameters"] == {
            "serialization.format": delimiter,
            "field.delim": delimiter,
            "serialization.null.format": "\\N",
        }
        assert {column["Type"] for column in storage["Columns"]} == {"string"}


def test_a_header_that_a_crawler_saw_is_none(glue: "GlueClient", lake: HiveLake) -> None:
    """Files of CSV have no header, so no row is skipped; and its columns are taken by nobody's guess."""
    storage: StorageDescriptorTypeDef = {
        "Columns": [{"Name": "first", "Type": "string"}, {"Name": "7", "Type": "bigint"}],
        "Location": lake.deployed.destination,
    }
    parameters = {"skip.header.line.count": "1", "UPDATED_BY_CRAWLER": "reviews"}
    glue.create_table(
        DatabaseName="lakeshot",
        TableInput={"Name": "snapshots_reviews", "StorageDescriptor": storage, "Parameters": parameters},
    )
    lake.register(manifest(file_format=FileFormat.CSV), 1)
    assert columns(glue) == dict.fromkeys(("id", "stars", "price", "photo", "sizes"), "string")
    found = glue.get_table(DatabaseName="lakeshot", Name="snapshots_reviews")["Table"]["Parameters"]
    assert "skip.header.line.count" not in found
    assert found["UPDATED_BY_CRAWLER"] == "reviews"


def test_registering_again_changes_nothing(glue: "GlueClient", lake: HiveLake) -> None:
    """A catalog step may be invoked twice."""
    lake.register(manifest(), 1)
    before = columns(glue)
    lake.register(manifest(), 1)
    assert (snapshots(glue), columns(glue)) == ([DAY_1], before)


def test_columns_keep_their_place_and_new_ones_follow(glue: "GlueClient", lake: HiveLake) -> None:
    """Athena compares partitions of JSON with the table by position; old snapshots stay queryable whole."""
    lake.register(manifest(), 1)
    lake.register(manifest(snapshot=DAY_2, columns=(*COLUMNS[:1], column("Early", "boolean"))), 1)
    expected = ["id", "stars", "price", "photo", "sizes", "early"]
    assert list(columns(glue)) == expected
    partition = glue.get_partition(
        DatabaseName="lakeshot", TableName="snapshots_reviews", PartitionValues=[DAY_2]
    )["Partition"]
    assert [found["Name"] for found in partition["StorageDescriptor"]["Columns"]] == expected


def test_columns_that_another_writer_adds_meanwhile_are_kept(
    glue: "GlueClient", lake: HiveLake, versions: Versions
) -> None:
    """A crawler or a person may write the table between a run's reading and its writing."""
    lake.register(manifest(columns=COLUMNS[:1]), 1)
    other = manifest(snapshot=DAY_2, columns=(*COLUMNS[:1], column("Early", "boolean")))
    versions.meanwhile = lambda: lake.register(other, 1)
    lake.register(manifest(snapshot=DAY_3, columns=COLUMNS[:2]), 1)
    assert columns(glue) == {"id": "string", "early": "boolean", "stars": "bigint"}
    assert snapshots(glue) == [DAY_1, DAY_2, DAY_3]


def test_what_a_crawler_guessed_is_put_right(glue: "GlueClient", lake: HiveLake) -> None:
    """It sees text where JSON lines hold decimals, and leaves its own parameters to know the table by."""
    lake.register(manifest(columns=(column("Id", "bigint"),)), 1)
    found = glue.get_table(DatabaseName="lakeshot", Name="snapshots_reviews")["Table"]
    glue.update_table(
        DatabaseName="lakeshot",
        TableInput={
            "Name": "snapshots_reviews",
            "StorageDescriptor": {
                **found["StorageDescriptor"],
                "Columns": [{"Name": "id", "Type": "string"}],
            },
            "Parameters": {"UPDATED_BY_CRAWLER": "lakeshot-dev-reviews"},
        },
    )
    lake.register(manifest(columns=(column("Id", "bigint"),)), 1)
    table = glue.get_table(DatabaseName="lakeshot", Name="snapshots_reviews")["Table"]
    assert columns(glue) == {"id": "bigint"}
    assert table["Parameters"]["UPDATED_BY_CRAWLER"] == "lakeshot-dev-reviews"


def test_a_later_generation_is_a_table_of_its_own(glue: "GlueClient", lake: HiveLake) -> None:
    """Its types may differ, and the earlier table is not touched."""
    lake.register(manifest(columns=(column("Id", "bigint"),)), 1)
    lake.register(manifest(snapshot=DAY_2, columns=(column("Id", "string"),)), 2)
    assert (columns(glue), snapshots(glue)) == ({"id": "bigint"}, [DAY_1])
    second = "snapshots_reviews__2"
    assert (columns(glue, second), snapshots(glue, second)) == ({"id": "string"}, [DAY_2])


def test_a_crawlers_guess_at_the_generation_is_put_right(
    glue: "GlueClient", lake: HiveLake, deployed: Deployed
) -> None:
    """A crawler adds every folder it does not find to the first table, again and again."""
    crawled = HiveLake(lake.glue, lake.athena, deployed.model_copy(update={"catalog": "crawler"}))
    crawled.register(manifest(columns=(column("Id", "bigint"),)), 1)
    crawled.register(manifest(snapshot=DAY_2, columns=(column("Id", "string"),)), 2)
    for day in (DAY_2, DAY_3):
        glue.create_partition(
            DatabaseName="lakeshot", TableName="snapshots_reviews", PartitionInput={"Values": [day]}
        )
    crawled.register(manifest(snapshot=DAY_3, columns=(column("Id", "string"),)), 2)
    assert snapshots(glue) == [DAY_1]
    assert snapshots(glue, "snapshots_reviews__2") == [DAY_2, DAY_3]


def test_changes_have_tables_and_a_folder_of_their_own(glue: "GlueClient", lake: HiveLake) -> None:
    """Their columns are more, and whoever queries all snapshots must not meet them."""
    changes = manifest(snapshot=DAY_2, columns=(*CHANGE_COLUMNS, *COLUMNS[:1])).model_copy(
        update={"follows": DAY_1, "prefix": f"snapshots_reviews__changes/snapshot_timestamp={DAY_2}/"}
    )
    lake.register(manifest(), 1)
    lake.register(changes, 1)
    assert list(columns(glue, "snapshots_reviews__changes")) == [
        "change_operation",
        "change_written_micros",
        "change_window",
        "change_repeated",
        "change_old_image",
        "id",
    ]
    assert (snapshots(glue), snapshots(glue, "snapshots_reviews__changes")) == ([DAY_1], [DAY_2])
    table = glue.get_table(DatabaseName="lakeshot", Name="snapshots_reviews__changes")["Table"]
    assert table["StorageDescriptor"]["Location"] == f"s3://{BUCKET}/snapshots_reviews__changes/"
    lake.remove(DAY_2, 1, changes=False)
    assert snapshots(glue, "snapshots_reviews__changes") == [DAY_2]
    lake.remove(DAY_2, 1, changes=True)
    assert (snapshots(glue), snapshots(glue, "snapshots_reviews__changes")) == ([DAY_1], [])


def test_removing_a_snapshot_removes_its_partition_and_nothing_else(
    glue: "GlueClient", lake: HiveLake
) -> None:
    """Removing it again is no error, nor is a table that is not there."""
    lake.register(manifest(), 1)
    lake.register(manifest(snapshot=DAY_2), 1)
    lake.remove(DAY_1, 1, changes=False)
    lake.remove(DAY_1, 1, changes=False)
    lake.remove(DAY_2, 7, changes=False)
    assert snapshots(glue) == [DAY_2]


def test_dropping_a_view_that_is_not_there_is_no_error(lake: HiveLake) -> None:
    """A stack that failed to be created can be removed."""
    lake.drop_view()


def test_counting_counts_one_snapshot_of_one_generation(lake: HiveLake, athena: EmbeddedAthena) -> None:
    """As a reader of the table would."""
    lake.register(manifest(), 2)
    query = lake.count_query(shown_of(manifest(), 2), compared=None)
    assert athena.numbers(athena.run(query)) == {"rows": 0, "rows_shown": 0}
