"""JSON lines read through the types the catalog declares, as the two JSON SerDes do.

Keys are matched in lower case; an absent one is null; a value that does not fit is HIVE_BAD_DATA. A line that
is no JSON object fails the query unless the OpenX SerDe's ``ignore.malformed.json`` is true.
https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
"""

import io
import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.json as pj

from local.athena.errors import QueryError
from local.athena.json_values import Misfit, fitted
from local.athena.text_files import text_of
from local.lake.objects import ObjectStore, StoredObject

OPENX = "org.openx.data.jsonserde.JsonSerDe"
HCATALOG = "org.apache.hive.hcatalog.data.JsonSerDe"
_BLOCK_BYTES = 1 << 24


def read_json_lines(
    store: ObjectStore, stored: StoredObject, declared: Mapping[str, pa.DataType], *, skip_malformed: bool
) -> pa.Table:
    """Return the file's rows with exactly the declared columns, in that order and of those types."""
    text = text_of(store, stored)
    schema = pa.schema(list(declared.items()))
    if not text.strip():
        return schema.empty_table()
    fast = _read_fast(text, schema)
    return fast if fast is not None else _read_strictly(text, schema, stored.uri, skip_malformed)


def _read_fast(text: bytes, schema: pa.Schema) -> pa.Table | None:
    """Read plain files with Arrow; None when a value or a key needs the SerDe's own rules."""
    if any(pa.types.is_map(field.type) or pa.types.is_binary(field.type) for field in schema):
        return None
    # Unexpected keys are inferred, not ignored, to notice those that match a column but for their case.
    surplus_keys = "ignore" if all(pa.types.is_null(field.type) for field in schema) else "infer"
    options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior=surplus_keys)
    try:
        table = pj.read_json(
            io.BytesIO(text), parse_options=options, read_options=pj.ReadOptions(block_size=_BLOCK_BYTES)
        )
    except pa.ArrowInvalid:
        return None
    if _hides_a_key(pa.struct(table.schema), pa.struct(schema)):
        return None
    return table.select(schema.names).cast(schema)


def _hides_a_key(found: pa.DataType, declared: pa.DataType) -> bool:
    """Whether a key that Arrow left aside is a declared one in another case."""
    if pa.types.is_list(declared):
        return _hides_a_key(found.value_type, declared.value_type)
    if not pa.types.is_struct(declared):
        return False
    wanted = {field.name: field.type for field in declared}
    return any(
        _hides_a_key(field.type, wanted[field.name]) if field.name in wanted else field.name.lower() in wanted
        for field in found
    )


def _read_strictly(text: bytes, schema: pa.Schema, uri: str, skip_malformed: bool) -> pa.Table:
    columns: dict[str, list[Any]] = {name: [] for name in schema.names}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            document = json.loads(line, parse_float=str)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            if not skip_malformed:
                message = f"Row is not a valid JSON Object - JSONException in line {number} of {uri}"
                raise QueryError("HIVE_CURSOR_ERROR", message)
            document = {}
        values = {key.lower(): value for key, value in document.items()}
        for position, field in enumerate(schema):
            try:
                columns[field.name].append(fitted(values.get(field.name), field.type))
            except Misfit as misfit:
                raise QueryError(
                    "HIVE_BAD_DATA",
                    f"Error parsing field value '{misfit.text}' for field {position} ({field.name}, "
                    f'{misfit.wanted}): For input string: "{misfit.text}" in line {number} of {uri}',
                ) from misfit
    arrays = [pa.array(columns[field.name], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)
