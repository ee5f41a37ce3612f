"""Files of every format, read by Spark and by Hive's own SerDes, to which this library is a stranger.

Hive's readers are given the very table that the catalog is given, so they prove the declaration, too. Avro's
is among them, because Spark's Avro reader is no part of PySpark; OpenX's JSON SerDe is not, so Spark's own
reader takes its place.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from lakeshot.columns.schema import arrow_schema, hive_type, table_column
from lakeshot.columns.types import STRING, Column
from lakeshot.config.deployed import Deployed
from lakeshot.config.exports import parse_config
from lakeshot.files import Compression, FileFormat, compressions, suffix
from lakeshot.files.formats import ENCODERS
from lakeshot.lake.hive_table import merged_columns, table_input
from tests.unit.declared import file_of
from tests.unit.files.every_type import COLUMNS, ROW, TYPES, column, csv_value, json_value
from tests.unit.manifests import manifest

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves the sockets through which it collects results to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

DIGIT_FIRST = column("1st", STRING)
FILE_COLUMNS = (*COLUMNS, DIGIT_FIRST)
ROWS: list[dict[str, object]] = [
    {**ROW, "1st": "first"},
    {**ROW, "text": "", "exact": Decimal("1E-18"), "flag": True, "tags": [], "1st": "\\N"},
    {**ROW, "text": '%2C, "q" \\ \\n \r\n +', "document": '"\u2028"', "raw": b"", "1st": "a,b"},
    dict.fromkeys(ROW) | {"whole": 1, "1st": None},
]
READABLE = [
    (file_format, compression)
    for file_format in ENCODERS
    for compression in compressions(file_format)
    # Hadoop's codec for .zst needs its native library, which PySpark does not bring.
    if not (file_format in {FileFormat.JSON, FileFormat.CSV} and compression is Compression.ZSTD)
]


@pytest.fixture
def deployed() -> Deployed:
    config = parse_config({"exports": {"reviews": {"source": {"type": "dynamodb", "table": "Reviews"}}}})
    return Deployed.of(
        name="reviews",
        export=config.exports["reviews"],
        stage="dev",
        database="default",
        bucket="b",
        job_role_arn="arn:aws:iam::123456789012:role/job",
    )


def written(folder: Path, file_format: FileFormat, compression: Compression) -> None:
    """A file of all rows, and one that lacks the last column where a file may."""
    ending = suffix(file_format, compression)
    table = pa.Table.from_pylist(ROWS[:2], schema=arrow_schema(FILE_COLUMNS))
    (folder / f"part-0.{ending}").write_bytes(file_of(table, FILE_COLUMNS, file_format, compression))
    table = pa.Table.from_pylist(ROWS[2:], schema=arrow_schema(FILE_COLUMNS))
    (folder / f"part-1.{ending}").write_bytes(file_of(table, FILE_COLUMNS, file_format, compression))


def by_hive(spark: SparkSession, deployed: Deployed, folder: Path, file_format: FileFormat) -> DataFrame:
    """The files below a folder through a table that is declared as the catalog's is."""
    described = manifest(file_format=file_format, columns=FILE_COLUMNS)
    storage = table_input(deployed, described, "t", merged_columns({}, described), {})["StorageDescriptor"]
    declared = ", ".join(f"`{column['Name']}` {column['Type']}" for column in storage["Columns"])
    parameters = storage["SerdeInfo"]["Parameters"]
    properties = ", ".join(f"{literal(name)} = {literal(value)}" for name, value in parameters.items())
    spark.sql("DROP TABLE IF EXISTS t")
    spark.sql(
        f"CREATE EXTERNAL TABLE t ({declared}) ROW FORMAT SERDE "
        f"{literal(storage['SerdeInfo']['SerializationLibrary'])} WITH SERDEPROPERTIES ({properties}) "
        f"STORED AS INPUTFORMAT {literal(storage['InputFormat'])} "
        f"OUTPUTFORMAT {literal(storage['OutputFormat'])} LOCATION {literal(folder.as_uri())}"
    )
    for file_type in ("Orc", "Parquet"):  # Hive's SerDe is to read, not Spark in its place
        spark.conf.set(f"spark.sql.hive.convertMetastore{file_type}", "false")
    return spark.table("t")


def by_spark(spark: SparkSession, folder: Path, file_format: FileFormat) -> DataFrame:
    """The files below a folder by Spark's own reader, told the columns only where files do not tell them."""
    reader, place = spark.read, str(folder)
    fields = {column.name: hive_type(column.type, file_format) for column in FILE_COLUMNS}
    schema = ", ".join(f"`{name}` {kind}" for name, kind in fields.items())
    match file_format:
        case FileFormat.PARQUET:
            return reader.parquet(place)
        case FileFormat.ORC:
            return reader.orc(place)
        case FileFormat.JSON:
            return reader.schema(schema).json(place)
        case FileFormat.CSV:
            return reader.schema(schema).csv(place)
        case _:
            raise ValueError(f"PySpark has no reader of {file_format}")


def values(row: Row, file_format: FileFormat, *, empty: str | None = "") -> dict[str, object]:
    """The row's values as docs/types.md says what the format's stand for.

    ``empty`` is what the reader makes of an empty field of CSV; Spark's has null for it, and text for null.
    """
    found = row.asDict()
    kinds = {**TYPES, "1st": STRING}
    given = {name: plain(found[table_column(name, file_format)]) for name in kinds}
    if file_format is FileFormat.JSON:
        return {name: json_value(name, value) if name in TYPES else value for name, value in given.items()}
    if file_format is FileFormat.CSV:
        return {
            name: csv_value(
                name if name in TYPES else "text",
                "" if value == empty else "\\N" if value is None else str(value),
            )
            for name, value in given.items()
        }
    return given


def plain(value: object) -> object:
    if isinstance(value, list):
        return [plain(one) for one in value]
    return bytes(value) if isinstance(value, bytearray) else value


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@pytest.mark.parametrize(
    ("file_format", "compression"), [one for one in READABLE if one[0] is not FileFormat.JSON]
)
def test_hive_reads_what_was_written(
    spark: SparkSession, deployed: Deployed, tmp_path: Path, file_format: FileFormat, compression: Compression
) -> None:
    """By the SerDe, the columns and the parameters that the catalog declares: every value, null and empty."""
    written(tmp_path, file_format, compression)
    found = by_hive(spark, deployed, tmp_path, file_format).collect()
    assert sorted((values(row, file_format) for row in found), key=str) == sorted(ROWS, key=str)


@pytest.mark.parametrize(
    ("file_format", "compression"), [one for one in READABLE if one[0] is not FileFormat.AVRO]
)
def test_spark_reads_what_was_written(
    spark: SparkSession, tmp_path: Path, file_format: FileFormat, compression: Compression
) -> None:
    """Every value, null and empty, with no settings at all."""
    written(tmp_path, file_format, compression)
    found = [values(row, file_format, empty=None) for row in by_spark(spark, tmp_path, file_format).collect()]
    assert sorted(found, key=str) == sorted(ROWS, key=str)


@pytest.mark.parametrize("file_format", [FileFormat.PARQUET, FileFormat.ORC, FileFormat.AVRO])
def test_hive_takes_null_for_a_column_that_a_file_lacks(
    spark: SparkSession, deployed: Deployed, tmp_path: Path, file_format: FileFormat
) -> None:
    """Which is why such a file is not written once more; columns stand in another order, too."""
    columns: tuple[Column, ...] = (FILE_COLUMNS[3], FILE_COLUMNS[0])
    table = pa.Table.from_pylist([{"text": "x", "whole": 7}], schema=arrow_schema(columns))
    path = tmp_path / f"part.{file_format.value}"
    path.write_bytes(file_of(table, columns, file_format, Compression.NONE))
    (row,) = by_hive(spark, deployed, tmp_path, file_format).collect()
    expected: Mapping[str, object] = {**dict.fromkeys(ROWS[0]), "text": "x", "whole": 7}
    assert values(row, file_format) == expected
