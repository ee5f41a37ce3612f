"""Catalog entries of a snapshot, made from its manifest."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lakeshot.columns.schema import hive_type
from lakeshot.commit.manifest import Manifest
from lakeshot.config.deployed import Deployed
from lakeshot.files import FileFormat
from lakeshot.names import PARTITION_KEY

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import PartitionInputTypeDef, StorageDescriptorTypeDef, TableInputTypeDef

_TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
_LAYOUTS = {
    FileFormat.PARQUET: (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        {"serialization.format": "1"},
    ),
    FileFormat.JSON: (
        "org.apache.hadoop.mapred.TextInputFormat",
        _TEXT_OUTPUT,
        "org.openx.data.jsonserde.JsonSerDe",
        {"case.insensitive": "true"},
    ),
}
"""Input format, output format, SerDe and its parameters, as Glue's own crawlers write them."""


def merged_columns(existing: Mapping[str, str], manifest: Manifest) -> Mapping[str, str]:
    """The table's columns by name and Hive type, once it also holds this snapshot.

    Columns keep their place and new ones follow, because Athena holds partitions of JSON against the
    table column by column (Athena user guide, schema updates and partitions). Snapshots of one
    generation agree on types, so stating this one's changes only what a crawler guessed.
    """
    own = {column.name: hive_type(column.type, manifest.format) for column in manifest.columns}
    return {**existing, **own}


def table_input(
    deployed: Deployed,
    manifest: Manifest,
    name: str,
    columns: Mapping[str, str],
    parameters: Mapping[str, str],
) -> "TableInputTypeDef":
    """The table of one generation; a crawler knows its own tables by the ``parameters`` it left there."""
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            **parameters,
            "EXTERNAL": "TRUE",
            "classification": manifest.format.value,
            "lakeshot:export": deployed.export,
        },
        "PartitionKeys": [{"Name": PARTITION_KEY, "Type": "string"}],
        "StorageDescriptor": _storage(manifest.format, columns, deployed.destination),
    }


def partition_input(
    deployed: Deployed, manifest: Manifest, columns: Mapping[str, str]
) -> "PartitionInputTypeDef":
    """The partition of one snapshot."""
    location = f"s3://{deployed.bucket}/{manifest.prefix}"
    return {
        "Values": [manifest.snapshot],
        "StorageDescriptor": _storage(manifest.format, columns, location),
        "Parameters": {"lakeshot:run": manifest.run, "recordCount": str(manifest.rows)},
    }


def _storage(
    file_format: FileFormat, columns: Mapping[str, str], location: str
) -> "StorageDescriptorTypeDef":
    input_format, output_format, serde, parameters = _LAYOUTS[file_format]
    return {
        "Columns": [{"Name": name, "Type": hive} for name, hive in columns.items()],
        "Location": location,
        "InputFormat": input_format,
        "OutputFormat": output_format,
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": parameters},
    }
