"""Types the raw columns of many Scan pages: one row group's worth, decided once for all its items."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lakeshot import base64_text, json_text
from lakeshot.casting import arrow_type
from lakeshot.column_names import column_names
from lakeshot.column_types import (
    BIGINT,
    BINARY,
    BOOLEAN,
    DECIMAL,
    JSON,
    NULL,
    NUMBER_TEXT,
    STRING,
    Column,
    ColumnType,
    array_of,
)
from lakeshot.dynamodb.attribute_values import NESTED_TAGS
from lakeshot.errors import SourceError
from lakeshot.lists import map_elements
from lakeshot.schema import arrow_schema

_UNCHANGED = {"S": STRING, "BOOL": BOOLEAN, "SS": array_of(STRING)} | dict.fromkeys(NESTED_TAGS, JSON)
_NO_TAGS = pa.struct([])
_SMALLEST_DECIMAL, _LARGEST_DECIMAL = 1e-18, 1e20


def typed(pages: Sequence[pa.Table]) -> tuple[pa.Table, tuple[Column, ...]]:
    """The items of all pages as one table, and its columns, sorted by attribute.

    Row grain: one row per item, in the order given. Types are those of ``docs/types.md``, as narrow
    as these items allow. ``SourceError`` for a binary value that is not base64.
    """
    sources = sorted({name for page in pages for name in page.column_names})
    names = column_names(sources)
    columns, arrays = [], []
    for source in sources:
        try:
            array, column_type = _typed(_raw(pages, source))
        except ValueError as error:
            raise SourceError(f"attribute {source!r} cannot be read: {error}") from error
        columns.append(Column(name=names[source], source=source, type=column_type))
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=arrow_schema(columns)), tuple(columns)


def _raw(pages: Sequence[pa.Table], source: str) -> pa.StructArray:
    """One attribute of all items, with every tag that any page met it with."""
    chunks: list[pa.StructArray] = []
    for page in pages:
        index = page.schema.get_field_index(source)
        chunks += page.column(index).chunks if index >= 0 else [pa.nulls(page.num_rows, _NO_TAGS)]
    tags = {tag.name: tag.type for chunk in chunks for tag in chunk.type}
    values = [
        pa.concat_arrays([_values(chunk, tag, tag_type) for chunk in chunks])
        for tag, tag_type in tags.items()
    ]
    return pa.StructArray.from_arrays(values, list(tags))


def _values(chunk: pa.StructArray, tag: str, tag_type: pa.DataType) -> pa.Array:
    is_met = chunk.type.get_field_index(tag) >= 0
    return chunk.field(tag) if is_met else pa.nulls(len(chunk), tag_type)


def _typed(raw: pa.StructArray) -> tuple[pa.Array, ColumnType]:
    values = {tag.name: raw.field(tag.name) for tag in raw.type if tag.name != "NULL"}
    met = {tag: array for tag, array in values.items() if array.null_count < len(array)}
    if not met:
        return pa.nulls(len(raw), arrow_type(NULL)), NULL
    if len(met) > 1:
        return pc.coalesce(*(_json(tag, array) for tag, array in met.items())), JSON
    ((tag, array),) = met.items()
    return _alone(tag, array)


def _alone(tag: str, array: pa.Array) -> tuple[pa.Array, ColumnType]:
    """An attribute whose values all have one tag."""
    match tag:
        case "N":
            return _narrowed(array)
        case "NS":
            elements, element_type = _narrowed(array.flatten())
            return map_elements(array, lambda _: elements), array_of(element_type)
        case "B":
            return base64_text.decode(array), BINARY
        case "BS":
            return map_elements(array, base64_text.decode), array_of(BINARY)
        case _:
            return array, _UNCHANGED[tag]


def _narrowed(numbers: pa.StringArray) -> tuple[pa.Array, ColumnType]:
    """The numbers in the narrowest type that holds all of them exactly."""
    for column_type, may_hold in ((BIGINT, _may_be_whole), (DECIMAL, _may_be_decimal)):
        try:
            if may_hold(numbers):
                return pc.cast(numbers, arrow_type(column_type)), column_type
        except pa.ArrowInvalid:
            continue  # some number is no such value, so the next wider type is tried
    return numbers, NUMBER_TEXT


def _may_be_whole(numbers: pa.StringArray) -> bool:
    """Whether it is worth to try: Arrow spends an error message on each number that is not whole."""
    return not pc.any(pc.match_substring(numbers, ".")).as_py()


def _may_be_decimal(numbers: pa.StringArray) -> bool:
    """Whether the numbers are of a size at which Arrow notices what does not fit.

    Beyond, its cast to decimal(38,18) is silently wrong: 340282366920938463804 becomes 340.6, 1E-95 zero.
    """
    sizes = pc.abs(pc.cast(numbers, pa.float64()))
    bounds = pc.min_max(sizes.filter(pc.not_equal(sizes, 0.0))).as_py()
    return bounds["min"] is None or bool(
        bounds["min"] >= _SMALLEST_DECIMAL and bounds["max"] <= _LARGEST_DECIMAL
    )


def _json(tag: str, array: pa.Array) -> pa.Array:
    """Values of one tag as JSON text, where the attribute mixes tags."""
    match tag:
        case "N":
            return json_text.encode(array, NUMBER_TEXT)
        case "NS":
            return json_text.encode(array, array_of(NUMBER_TEXT))
        case "M" | "L":
            return array
        case _:
            return json_text.encode(*_alone(tag, array))
