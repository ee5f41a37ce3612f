"""Catalog entries of a snapshot, made from its manifest."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lakeshot.columns.schema import hive_type, table_column
from lakeshot.commit.manifest import Manifest
from lakeshot.config.deployed import Deployed
from lakeshot.files import BY_POSITION, DELIMITED, FileFormat
from lakeshot.files.avro_container import record_schema
from lakeshot.files.delimited import COMMAS, Delimited
from lakeshot.lake.generations import same_places
from lakeshot.lake.hive_partitions import SnapshotPartition, file_columns, partition_keys

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import PartitionInputTypeDef, StorageDescriptorTypeDef, TableInputTypeDef

_TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
_LAYOUTS: Mapping[FileFormat, tuple[str, str, str, Mapping[str, str]]] = {
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
        # Athena finds ORC's columns by position otherwise (user guide, "Handle schema updates").
        {"serialization.format": "1", "orc.column.index.access": "false"},
    ),
    FileFormat.AVRO: (
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
        "org.apache.hadoop.hive.serde2.avro.AvroSerDe",
        {"serialization.format": "1"},
    ),
    FileFormat.JSON: (
        _TEXT_INPUT,
        _TEXT_OUTPUT,
        "org.openx.data.jsonserde.JsonSerDe",
        {"case.insensitive": "true"},
    ),
    **dict.fromkeys(
        DELIMITED,
        (
            _TEXT_INPUT,
            _TEXT_OUTPUT,
            "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
            # No escape.delim: what Trino makes of escaped backslashes and line breaks is not what Hive makes.
            {"serialization.null.format": "\\N"},
        ),
    ),
}
"""Input format, output format, SerDe and its parameters, as Glue's own crawlers write them."""
_AVRO_SCHEMA = "avro.schema.literal"
"""Athena takes no ``avro.schema.url`` (user guide, "Avro SerDe")."""
_HEADER_LINES = "skip.header.line.count"
"""Of a table; a crawler also leaves it where it took a first row for a header."""
_CLASSIFICATIONS = {FileFormat.TEXT: "csv"}
"""What Glue calls a format, where it is not as Lakeshot does."""


def merged_columns(existing: Mapping[str, str], manifest: Manifest) -> Mapping[str, str]:
    """The table's columns by name and Hive type, once it also holds this snapshot.

    Columns keep their place and new ones follow, because Athena holds partitions of JSON against the
    table column by column (Athena user guide, schema updates and partitions). Snapshots of one
    generation agree on types, so stating this one's changes only what a crawler guessed. Where files hold
    columns by position, they also agree on places: a table that does not was left so by a crawler, or by
    a snapshot that is gone.
    """
    own = {
        table_column(column.name, manifest.format): hive_type(column.type, manifest.format)
        for column in file_columns(manifest)
    }
    if manifest.format in BY_POSITION and not same_places(list(existing), list(own)):
        return own
    return {**existing, **own}


def table_input(
    deployed: Deployed,
    manifest: Manifest,
    name: str,
    columns: Mapping[str, str],
    parameters: Mapping[str, str],
) -> "TableInputTypeDef":
    """The table of one generation; a crawler knows its own tables by the ``parameters`` it left there."""
    prefix = deployed.names.prefix_of(changes=manifest.follows is not None)
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            **{name: value for name, value in parameters.items() if name != _HEADER_LINES},
            **_header(manifest),
            "EXTERNAL": "TRUE",
            "classification": _CLASSIFICATIONS.get(manifest.format, manifest.format.value),
            "lakeshot:export": deployed.export,
        },
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in partition_keys(manifest)],
        "StorageDescriptor": _storage(manifest, columns, f"s3://{deployed.bucket}/{prefix}"),
    }


def partition_input(
    deployed: Deployed, manifest: Manifest, columns: Mapping[str, str], partition: SnapshotPartition
) -> "PartitionInputTypeDef":
    """One partition of a snapshot."""
    location = f"s3://{deployed.bucket}/{partition.prefix}"
    return {
        "Values": list(partition.values),
        "StorageDescriptor": _storage(manifest, columns, location),
        "Parameters": {
            "lakeshot:run": manifest.run,
            "recordCount": str(partition.rows),
            **_header(manifest),
        },
    }


def _storage(manifest: Manifest, columns: Mapping[str, str], location: str) -> "StorageDescriptorTypeDef":
    input_format, output_format, serde, parameters = _LAYOUTS[manifest.format]
    return {
        "Columns": [{"Name": name, "Type": hive} for name, hive in columns.items()],
        "Location": location,
        "InputFormat": input_format,
        "OutputFormat": output_format,
        "SerdeInfo": {
            "SerializationLibrary": serde,
            "Parameters": {**parameters, **_own_parameters(manifest, columns)},
        },
    }


def _own_parameters(manifest: Manifest, columns: Mapping[str, str]) -> Mapping[str, str]:
    """What a SerDe has to be told of these very files."""
    if manifest.format is FileFormat.AVRO:
        return {_AVRO_SCHEMA: record_schema(columns)}
    if manifest.format in DELIMITED:
        delimiter = _delimited(manifest).delimiter
        return {"serialization.format": delimiter, "field.delim": delimiter}
    return {}


def _header(manifest: Manifest) -> dict[str, str]:
    lines = _delimited(manifest).header_lines
    return {_HEADER_LINES: str(lines)} if lines else {}


def _delimited(manifest: Manifest) -> Delimited:
    return manifest.delimited or COMMAS
