"""What files say about themselves: their format, their columns, and how columns of several files combine.

https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html. Unlike Glue, which samples the head of a file,
every row of a text file is looked at. Formats with a mark at their beginning are asked first, then JSON, then
CSV, as Glue's built-in classifiers are.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc

from local.athena import avro_files
from local.athena.errors import QueryError
from local.athena.text_files import text_of
from local.crawler.delimited import inferred_csv
from local.crawler.found import Inferred
from local.lake.objects import ObjectStore, StoredObject

_WHOLE = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
_PARQUET_MAGIC, _ORC_MAGIC, _AVRO_MAGIC = b"PAR1", b"ORC", b"Obj\x01"


def inferred(store: ObjectStore, stored: StoredObject) -> Inferred | None:
    """Return what one file says; None when it is of no format known here."""
    magic = store.read(stored, 0, len(_PARQUET_MAGIC))
    try:
        if magic == _PARQUET_MAGIC:
            parquet = pq.ParquetFile(pa.PythonFile(store.open(stored), mode="r"))
            return Inferred("parquet", _lowered_fields(parquet.schema_arrow), int(parquet.metadata.num_rows))
        if magic.startswith(_ORC_MAGIC):
            file = orc.ORCFile(pa.PythonFile(store.open(stored), mode="r"))
            return Inferred("orc", _lowered_fields(file.schema), int(file.nrows))
        if magic == _AVRO_MAGIC:
            schema = avro_files.file_schema(store.read(stored))
            columns = {f["name"].lower(): avro_files.arrow_type(f["type"]) for f in schema["fields"]}
            rows = avro_files.row_count(store, stored)
            return Inferred("avro", columns, rows, {"avro.schema.literal": json.dumps(schema)})
        text = text_of(store, stored)
    except (pa.ArrowException, OSError, ValueError, QueryError):
        return None
    return _inferred_json(text) or inferred_csv(text)


def combined(found: Iterable[Inferred]) -> Inferred:
    """Return the columns of all files, with types wide enough for each."""
    return reduce(_combined, found)


def _combined(one: Inferred, other: Inferred) -> Inferred:
    columns = _merged(one.columns, other.columns)
    return replace(one, columns=columns, rows=one.rows + other.rows)


def widened(one: pa.DataType, other: pa.DataType) -> pa.DataType:  # noqa: PLR0911 - one rule per line
    """Return a type that holds both: numbers widen, all else that differs becomes string."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if str(one) in _WHOLE and str(other) in _WHOLE:
        return max(one, other, key=lambda kind: _WHOLE[str(kind)])
    if _is_number(one) and _is_number(other):
        return pa.float64()
    if pa.types.is_list(one) and pa.types.is_list(other):
        return pa.list_(widened(one.value_type, other.value_type))
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        return pa.struct(list(_merged(_fields(one), _fields(other)).items()))
    return pa.string()


def settled(kind: pa.DataType) -> pa.DataType:
    """Return the type with string where no value told any."""
    if pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(settled(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(name, settled(inner)) for name, inner in _fields(kind).items()])
    return kind


def _merged(one: dict[str, pa.DataType], other: dict[str, pa.DataType]) -> dict[str, pa.DataType]:
    names = dict.fromkeys((*one, *other))
    return {name: widened(one.get(name, pa.null()), other.get(name, pa.null())) for name in names}


def _inferred_json(text: bytes) -> Inferred | None:
    columns: dict[str, pa.DataType] = {}
    rows = 0
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except ValueError:
            return None
        if not isinstance(document, dict):
            return None
        rows += 1
        for key, value in document.items():
            name = key.lower()
            columns[name] = widened(columns.get(name, pa.null()), _kind(value))
    return Inferred("json", columns, rows) if rows else None


def _kind(value: object) -> pa.DataType:  # noqa: PLR0911 - one kind of value per line
    if isinstance(value, bool):
        return pa.bool_()
    if isinstance(value, int):
        if -(2**31) <= value < 2**31:
            return pa.int32()
        return pa.int64() if -(2**63) <= value < 2**63 else pa.float64()
    if isinstance(value, float):
        return pa.float64()
    if isinstance(value, str):
        return pa.string()
    if isinstance(value, list):
        return pa.list_(reduce(widened, map(_kind, value), pa.null()))
    if isinstance(value, dict):
        return pa.struct([(key.lower(), _kind(inner)) for key, inner in value.items()])
    return pa.null()


def _lowered_fields(schema: pa.Schema) -> dict[str, pa.DataType]:
    return {field.name.lower(): _lowered(field.type) for field in schema}


def _lowered(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct([(name.lower(), _lowered(inner)) for name, inner in _fields(kind).items()])
    if pa.types.is_list(kind):
        return pa.list_(_lowered(kind.value_type))
    return kind


def _fields(kind: pa.DataType) -> dict[str, pa.DataType]:
    return {field.name: field.type for field in kind}


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
