"""Delimited lines read as LazySimpleSerDe does: fields by position, no quotes, one text that means null.

A line with fewer fields than columns has nulls at its end, further fields are passed over. What is declared
as no text is made of the field's text.
https://docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from local.athena.errors import QueryError
from local.athena.json_values import Misfit, fitted
from local.athena.text_files import text_of
from local.lake.objects import ObjectStore, StoredObject

LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"


def read_delimited(
    store: ObjectStore,
    stored: StoredObject,
    declared: Mapping[str, pa.DataType],
    *,
    columns: Sequence[str],
    parameters: Mapping[str, str],
    header_lines: int,
) -> pa.Table:
    """Return the file's rows with exactly the declared columns; ``columns`` are all of them, in order."""
    if "escape.delim" in parameters:
        raise QueryError(
            "HIVE_UNSUPPORTED_FORMAT",
            "escape.delim is not supported here: Hive and Trino disagree on what escaped backslashes and "
            "line breaks are",
        )
    delimiter = parameters.get("field.delim", parameters.get("serialization.format", "\x01")).encode()
    null = parameters.get("serialization.null.format", "\\N").encode()
    lines = text_of(store, stored).splitlines()[header_lines:]
    rows = [line.split(delimiter) for line in lines]
    arrays = []
    for name, kind in declared.items():
        if pa.types.is_null(kind):
            arrays.append(pa.nulls(len(rows)))
            continue
        position = columns.index(name)
        fields = [row[position] if position < len(row) else null for row in rows]
        texts = [None if field == null else field.decode(errors="replace") for field in fields]
        arrays.append(_typed(texts, name, kind, stored.uri))
    return pa.Table.from_arrays(arrays, schema=pa.schema(list(declared.items())))


def _typed(texts: Sequence[str | None], name: str, kind: pa.DataType, uri: str) -> pa.Array:
    if pa.types.is_nested(kind) or pa.types.is_binary(kind):
        raise QueryError("HIVE_UNSUPPORTED_FORMAT", f"column {name}: only text and scalars are read here")
    try:
        return pa.array([fitted(text, kind) for text in texts], kind)
    except Misfit as misfit:
        raise QueryError(
            "HIVE_BAD_DATA",
            f"Error parsing field value '{misfit.text}' for field {name}, {misfit.wanted} in {uri}",
        ) from misfit
