"""Parquet files read through the types the catalog declares, as Athena's Parquet reader does.

Columns are found by name, in lower case (Athena's default for Parquet); one that the file lacks is null; one
whose physical type does not fit is HIVE_BAD_DATA. Only the column chunks asked for are fetched.
https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from local.athena.errors import QueryError
from local.lake.hive_types import hive_type
from local.lake.objects import ObjectStore, StoredObject

_INTEGER_BITS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}


def read_parquet(store: ObjectStore, stored: StoredObject, declared: Mapping[str, pa.DataType]) -> pa.Table:
    """Return the file's rows with exactly the declared columns, in that order and of those types."""
    try:
        file = pq.ParquetFile(pa.PythonFile(store.open(stored), mode="r"))
    except pa.ArrowInvalid as error:
        raise QueryError("HIVE_BAD_DATA", f"Malformed Parquet file {stored.uri}: {error}") from error
    physical = {field.name.lower(): field for field in file.schema_arrow}
    for name, kind in declared.items():
        if name in physical and not readable_as(physical[name].type, kind):
            raise QueryError(
                "HIVE_BAD_DATA",
                f"Field {name}'s type {_physical_name(file, physical[name].name)} in parquet file "
                f"{stored.uri} is incompatible with type {hive_type(kind)} defined in table schema",
            )
    present = [physical[name].name for name in declared if name in physical]
    try:
        rows = file.read(columns=present)
        arrays = [
            rows.column(physical[name].name).cast(kind, safe=False)
            if name in physical
            else pa.nulls(file.metadata.num_rows, kind)
            for name, kind in declared.items()
        ]
    except (pa.ArrowInvalid, OSError) as error:
        raise QueryError("HIVE_BAD_DATA", f"Malformed Parquet file {stored.uri}: {error}") from error
    return pa.Table.from_arrays(arrays, schema=pa.schema(list(declared.items())))


def row_count(store: ObjectStore, stored: StoredObject) -> int:
    """Return the number of rows the file's footer states."""
    try:
        return int(pq.ParquetFile(pa.PythonFile(store.open(stored), mode="r")).metadata.num_rows)
    except pa.ArrowInvalid as error:
        raise QueryError("HIVE_BAD_DATA", f"Malformed Parquet file {stored.uri}: {error}") from error


def readable_as(found: pa.DataType, declared: pa.DataType) -> bool:  # noqa: PLR0911 - one rule per line
    """Whether a file's column may be read as the declared type without changing a value."""
    if pa.types.is_dictionary(found):
        return readable_as(found.value_type, declared)
    if _is_bytes(found) and _is_bytes(declared):
        return True
    if pa.types.is_null(found):
        return True
    if str(found) in _INTEGER_BITS and str(declared) in _INTEGER_BITS:
        return _INTEGER_BITS[str(found)] <= _INTEGER_BITS[str(declared)]
    if pa.types.is_float32(found) and pa.types.is_float64(declared):
        return True
    if pa.types.is_decimal(found) and pa.types.is_decimal(declared):
        same_scale = found.scale == declared.scale
        return bool(same_scale and found.precision <= declared.precision)
    if pa.types.is_timestamp(found) and pa.types.is_timestamp(declared):
        return True
    if _is_list(found) and _is_list(declared):
        return readable_as(found.value_type, declared.value_type)
    if pa.types.is_map(found) and pa.types.is_map(declared):
        return readable_as(found.key_type, declared.key_type) and readable_as(
            found.item_type, declared.item_type
        )
    if pa.types.is_struct(found) and pa.types.is_struct(declared):
        inner = {field.name.lower(): field.type for field in found}
        return all(
            field.name not in inner or readable_as(inner[field.name], field.type) for field in declared
        )
    return bool(found == declared)


def _is_bytes(kind: pa.DataType) -> bool:
    checks = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(check(kind) for check in checks)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _physical_name(file: pq.ParquetFile, name: str) -> str:
    leaves = [file.schema.column(i) for i in range(len(file.schema))]
    of_column = [leaf for leaf in leaves if leaf.path.split(".")[0] == name]
    return str(of_column[0].physical_type) if len(of_column) == 1 else "group"
