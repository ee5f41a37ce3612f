"""Avro files read by the schema that the SerDe is given, as Athena's Avro reader does.

The schema stands in ``avro.schema.literal``; columns are its fields, by name in lower case. What a file lacks
takes the field's default. Names are Avro's own: letters, digits and underscores, no digit first.
https://docs.aws.amazon.com/athena/latest/ug/avro-serde.html
"""

import io
import json
import re
from collections.abc import Mapping
from typing import Any

import fastavro
import pyarrow as pa

from local.athena.errors import QueryError
from local.lake.hive_types import hive_type
from local.lake.objects import ObjectStore, StoredObject

AVRO = "org.apache.hadoop.hive.serde2.avro.AvroSerDe"
_LITERAL, _URL = "avro.schema.literal", "avro.schema.url"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PRIMITIVES = {
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "bytes": pa.binary(),
    "null": pa.null(),
}


def read_avro(
    store: ObjectStore,
    stored: StoredObject,
    declared: Mapping[str, pa.DataType],
    *,
    parameters: Mapping[str, str],
) -> pa.Table:
    """Return the file's rows with exactly the declared columns, in that order and of those types."""
    schema = table_schema(parameters)
    fields = {field["name"].lower(): field for field in schema["fields"]}
    for name, kind in declared.items():
        if name not in fields:
            raise QueryError(
                "HIVE_BAD_DATA", f"Unable to find column {name} in table Avro schema {schema['name']}"
            )
        if arrow_type(fields[name]["type"]) != kind:
            raise QueryError(
                "HIVE_BAD_DATA",
                f"column {name} is declared as {hive_type(kind)}, but the table's Avro schema says "
                f"{json.dumps(fields[name]['type'])}",
            )
    masked = {**schema, "fields": [fields[name] for name in declared]}
    records = _records(store, stored, masked)
    arrays = [pa.array([record[fields[n]["name"]] for record in records], k) for n, k in declared.items()]
    return pa.Table.from_arrays(arrays, schema=pa.schema(list(declared.items())))


def row_count(store: ObjectStore, stored: StoredObject) -> int:
    """Return the number of rows in the file's blocks."""
    try:
        return sum(block.num_records for block in fastavro.block_reader(io.BytesIO(store.read(stored))))
    except (ValueError, EOFError, OSError) as error:
        raise _malformed(stored, error) from error


def file_schema(body: bytes) -> dict[str, Any]:
    """Return the schema that a file was written with; ValueError if it is no Avro file of records."""
    schema = fastavro.reader(io.BytesIO(body)).writer_schema
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise ValueError("not a file of records")
    return schema


def table_schema(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the schema that a SerDe with these parameters is given."""
    if _URL in parameters:
        raise QueryError("HIVE_INVALID_METADATA", f"{_URL} is not supported; use {_LITERAL}")
    try:
        schema: dict[str, Any] = json.loads(parameters[_LITERAL])
        names = [schema["name"], *(field["name"] for field in schema["fields"])]
    except (KeyError, TypeError, ValueError) as error:
        raise QueryError(
            "HIVE_INVALID_METADATA", f"{_LITERAL} is no Avro record schema: {error!r}"
        ) from error
    for name in names:
        if not _NAME.fullmatch(name):
            raise QueryError("HIVE_INVALID_METADATA", f"Illegal character in the Avro name: {name}")
    return schema


def arrow_type(avro: Any) -> pa.DataType:  # noqa: ANN401, PLR0911 - JSON; one kind per line
    """Return what Hive makes of an Avro type; a union of one type with null is that type."""
    if isinstance(avro, list):
        (only,) = [one for one in avro if one != "null"] or ["null"]
        return arrow_type(only)
    if isinstance(avro, str):
        return _PRIMITIVES[avro]
    if avro.get("logicalType") == "decimal":
        return pa.decimal128(avro["precision"], avro["scale"])
    if avro.get("logicalType") == "date":
        return pa.date32()
    if avro["type"] == "array":
        return pa.list_(arrow_type(avro["items"]))
    if avro["type"] == "map":
        return pa.map_(pa.string(), arrow_type(avro["values"]))
    if avro["type"] == "record":
        return pa.struct([(field["name"].lower(), arrow_type(field["type"])) for field in avro["fields"]])
    return arrow_type(avro["type"])


def _records(store: ObjectStore, stored: StoredObject, schema: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        return [
            record
            for record in fastavro.reader(io.BytesIO(store.read(stored)), reader_schema=schema)
            if isinstance(record, dict)
        ]
    except (ValueError, EOFError, OSError, IndexError, fastavro.read.SchemaResolutionError) as error:
        raise _malformed(stored, error) from error


def _malformed(stored: StoredObject, error: Exception) -> QueryError:
    return QueryError("HIVE_BAD_DATA", f"Malformed Avro file {stored.uri}: {error}")
