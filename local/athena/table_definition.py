"""``CREATE EXTERNAL TABLE`` as the catalog's table."""

from collections.abc import Iterable

from sqlglot import exp

from local.athena.avro_files import AVRO
from local.athena.delimited_files import LAZY_SIMPLE
from local.athena.errors import QueryError
from local.athena.json_lines import OPENX
from local.athena.orc_files import ORC
from local.athena.relations import parsed
from local.athena.table_scan import PARQUET
from local.lake.catalog import Column, Serde, Storage, Table
from local.lake.hive_types import UnknownTypeError, arrow_type, hive_type

_TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
FORMATS = {
    PARQUET: (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    ),
    ORC: (
        "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
        "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
    ),
    AVRO: (
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
    ),
    OPENX: (_TEXT_INPUT, _TEXT_OUTPUT),
    LAZY_SIMPLE: (_TEXT_INPUT, _TEXT_OUTPUT),
}
"""Input and output format that go with a SerDe, as Athena and the crawler write them."""

_STORED_AS = {"PARQUET": PARQUET, "ORC": ORC, "AVRO": AVRO}


def table_of(name: str, sql: str) -> Table:
    """Return the table a CREATE EXTERNAL TABLE statement describes. SYNTAX_ERROR without a location."""
    statement = parsed(sql)
    properties = statement.find(exp.Properties)
    if not isinstance(statement, exp.Create) or properties is None:
        raise QueryError("SYNTAX_ERROR", "CREATE EXTERNAL TABLE needs ROW FORMAT or STORED AS, and LOCATION")
    location = properties.find(exp.LocationProperty)
    if location is None:
        raise QueryError("SYNTAX_ERROR", "CREATE EXTERNAL TABLE needs LOCATION 's3://bucket/prefix/'")
    partitioned = properties.find(exp.PartitionedByProperty)
    serde = properties.find(exp.RowFormatSerdeProperty)
    library = serde.this.name if serde else _stored_as(properties)
    in_format, out_format = FORMATS.get(library, FORMATS[OPENX])
    serde_properties = properties.find(exp.SerdeProperties)
    return Table(
        name=name,
        parameters={"EXTERNAL": "TRUE"}
        | _texts(p for p in properties.expressions if type(p) is exp.Property),
        partition_keys=_columns(partitioned.this) if partitioned else (),
        storage_descriptor=Storage(
            columns=_columns(statement.this),
            location=location.this.name,
            input_format=in_format,
            output_format=out_format,
            serde_info=Serde(
                serialization_library=library,
                parameters={"serialization.format": "1"}
                | _texts(serde_properties.expressions if serde_properties else ()),
            ),
        ),
    )


def _columns(schema: exp.Expr) -> tuple[Column, ...]:
    return tuple(
        Column(name=column.name.lower(), type=_hive(column.args["kind"]))
        for column in schema.expressions
        if isinstance(column, exp.ColumnDef)
    )


def _hive(kind: exp.Expr) -> str:
    text = kind.sql(dialect="hive").replace(": ", ":").replace(", ", ",")
    try:
        return hive_type(arrow_type(text))
    except UnknownTypeError as error:
        raise QueryError("SYNTAX_ERROR", str(error)) from error


def _stored_as(properties: exp.Properties) -> str:
    stored = properties.find(exp.FileFormatProperty)
    library = _STORED_AS.get(stored.name.upper()) if stored is not None else None
    if library is None:
        raise QueryError("NOT_SUPPORTED", f"use STORED AS {' or '.join(_STORED_AS)}, or ROW FORMAT SERDE")
    return library


def _texts(properties: Iterable[exp.Expr]) -> dict[str, str]:
    return {entry.name: str(entry.args["value"].name) for entry in properties}
