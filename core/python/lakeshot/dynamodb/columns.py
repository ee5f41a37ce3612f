"""Types the items of many Scan pages: one row group's worth, decided once for all of them."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lakeshot.columns import base64_text, json_text
from lakeshot.columns.casting import arrow_type
from lakeshot.columns.lists import map_elements
from lakeshot.columns.names import column_names
from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import (
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
from lakeshot.dynamodb import numbers
from lakeshot.dynamodb.attributes import by_attribute, spread
from lakeshot.dynamodb.items import Items
from lakeshot.dynamodb.texts import booleans, text_lists, unescaped
from lakeshot.errors import SourceError

_SCALE = 18
_SMALLEST_DECIMAL, _LARGEST_DECIMAL = 1e-18, 1e20


def typed(pages: Sequence[Items]) -> tuple[pa.Table, tuple[Column, ...]]:
    """The items of all pages as one table, and its columns, sorted by attribute.

    Row grain: one row per item, in the order given. Types are those of ``docs/types.md``, as narrow
    as these items allow. ``SourceError`` for a value that is not what its type tag says.
    """
    num_rows = sum(page.num_rows for page in pages)
    names = column_names(name for page in pages for name in page.column_names)
    columns, arrays = [], []
    for attribute in by_attribute(pages):
        try:
            values, column_type = _typed(attribute.texts)
        except ValueError as error:
            raise SourceError(f"attribute {attribute.source!r} cannot be read: {error}") from error
        columns.append(Column(name=names[attribute.source], source=attribute.source, type=column_type))
        arrays.append(spread(values, attribute.rows, num_rows))
    return pa.Table.from_arrays(arrays, schema=arrow_schema(columns)), tuple(columns)


def _typed(texts: Mapping[str, pa.StringArray]) -> tuple[pa.Array, ColumnType]:
    """The values of an attribute, given by type tag."""
    if not texts:
        return pa.nulls(0, arrow_type(NULL)), NULL
    if len(texts) > 1:
        return pa.concat_arrays([_json(tag, own) for tag, own in texts.items()]), JSON
    ((tag, own),) = texts.items()
    return _alone(tag, own)


def _alone(tag: str, texts: pa.StringArray) -> tuple[pa.Array, ColumnType]:
    """An attribute whose values all have one tag."""
    match tag:
        case "S" | "N" | "B":
            return _of_strings(tag, unescaped(texts))
        case "SS" | "NS" | "BS":
            lists = text_lists(texts)
            elements, element_type = _of_strings(tag[0], lists.flatten())
            return map_elements(lists, lambda _: elements), array_of(element_type)
        case "BOOL":
            return booleans(texts), BOOLEAN
        case _:
            return texts, JSON


def _of_strings(tag: str, strings: pa.StringArray) -> tuple[pa.Array, ColumnType]:
    match tag:
        case "N":
            return _narrowed(strings)
        case "B":
            return base64_text.decode(strings), BINARY
        case _:
            return strings, STRING


def _narrowed(texts: pa.StringArray) -> tuple[pa.Array, ColumnType]:
    """The numbers in the narrowest type that holds all of them exactly."""
    kinds = numbers.spelling(texts)
    for column_type, is_possible in (
        (BIGINT, not kinds & (numbers.POINT | numbers.EXPONENT)),
        (DECIMAL, _may_be_decimal(texts, kinds)),
    ):
        try:
            if is_possible:
                return pc.cast(texts, arrow_type(column_type)), column_type
        except pa.ArrowInvalid:
            continue  # some number is no such value, so the next wider type is tried
    numbers.check(texts)
    return texts, NUMBER_TEXT


def _may_be_decimal(texts: pa.StringArray, kinds: int) -> bool:
    """Whether the numbers are of a size at which Arrow notices what does not fit.

    Beyond, its cast to decimal(38,18) is silently wrong: 340282366920938463804 becomes 340.6, 1E-95 zero.
    """
    if not kinds & numbers.EXPONENT and numbers.longest(texts) <= _SCALE:
        return True  # there is no room for more digits before or after the point
    try:
        sizes = pc.abs(pc.cast(texts, pa.float64()))
    except pa.ArrowInvalid:
        return False
    bounds = pc.min_max(sizes.filter(pc.not_equal(sizes, 0.0))).as_py()
    return bounds["min"] is None or bool(
        bounds["min"] >= _SMALLEST_DECIMAL and bounds["max"] <= _LARGEST_DECIMAL
    )


def _json(tag: str, texts: pa.StringArray) -> pa.Array:
    """Values of one tag as JSON text, where the attribute mixes tags."""
    match tag:
        case "N":
            texts = unescaped(texts)
            numbers.check(texts)
            return json_text.encode(texts, NUMBER_TEXT)
        case "NS":
            lists = text_lists(texts)
            numbers.check(lists.flatten())
            return json_text.encode(lists, array_of(NUMBER_TEXT))
        case _:
            values, column_type = _alone(tag, texts)
            return values if column_type == JSON else json_text.encode(values, column_type)
