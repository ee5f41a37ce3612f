"""Decodes the bytes of a Scan response to Arrow, without a Python loop per item."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json

from lakeshot.dynamodb.attribute_values import NESTED_TAGS, AttributeTags, AttributeValue
from lakeshot.dynamodb.nested import NO_TEXTS, cut_nested, has_nested
from lakeshot.errors import SourceError

_NO_LINES = bytes.maketrans(b"\r\n", b"  ")
"""Line ends are blanks in JSON, but Arrow's reader takes them for the end of a row."""


@dataclass(frozen=True, slots=True)
class Page:
    """One Scan response.

    ``items`` has one row per item and one column per attribute met in the page: a struct of the type
    tags it was met with, texts of numbers and base64 as they came, maps and lists as lossless JSON
    text. ``count`` and ``scanned_count`` are what DynamoDB says. ``last_evaluated_key`` can be handed
    back to boto3 as it is; ``None`` ends the segment. ``consumed_units`` are read units, if asked for.
    """

    items: pa.Table
    count: int
    scanned_count: int
    last_evaluated_key: Mapping[str, AttributeValue] | None
    consumed_units: float | None


class PageDecoder:
    """Decodes the pages of one table; remembers the attributes met, so that most pages parse once."""

    def __init__(self) -> None:
        self._attributes = AttributeTags()
        self._keys = AttributeTags()
        self._schema = self._explicit_schema()

    def decode(self, body: bytes) -> Page:
        """The page; ``SourceError`` if the body is not a whole Scan response."""
        try:
            text, texts = cut_nested(body) if has_nested(body) else (body, NO_TEXTS)
            return _page(self._parse(text), texts)
        except ValueError as error:
            raise SourceError(
                f"the answer to Scan cannot be decoded, nothing was read of it: {error}"
            ) from error

    def _parse(self, text: bytes) -> pa.Table:
        response = _read(text, self._schema)
        new_attributes = self._attributes.learn(response.schema.field("Items").type.value_type)
        new_keys = self._keys.learn(response.schema.field("LastEvaluatedKey").type)
        if new_attributes or new_keys:
            self._schema = self._explicit_schema()
            return _read(text, self._schema)
        return response

    def _explicit_schema(self) -> pa.Schema:
        return pa.schema(
            [
                ("Items", pa.list_(self._attributes.struct())),
                ("Count", pa.int64()),
                ("ScannedCount", pa.int64()),
                ("LastEvaluatedKey", self._keys.struct()),
                ("ConsumedCapacity", pa.struct([("CapacityUnits", pa.float64())])),
            ]
        )


def _read(text: bytes, schema: pa.Schema) -> pa.Table:
    """The response as a table of one row; attributes the schema lacks get types of Arrow's guess."""
    one_line = text.translate(_NO_LINES) if b"\n" in text or b"\r" in text else text
    return json.read_json(
        pa.BufferReader(one_line),
        read_options=json.ReadOptions(use_threads=False, block_size=len(one_line) + 1),
        parse_options=json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="infer"),
    )


def _page(response: pa.Table, texts: pa.StringArray) -> Page:
    items = response.column("Items").chunk(0)
    rest = response.drop_columns("Items").to_pylist()[0]
    missing = [name for name in ("Items", "Count", "ScannedCount") if response.column(name).null_count]
    if missing:
        raise ValueError(f"it holds no {', '.join(missing)}")
    if rest["Count"] != len(items.values):
        raise ValueError(f"it says Count {rest['Count']} and holds {len(items.values)} items")
    return Page(
        items=_columns(items.values, texts),
        count=rest["Count"],
        scanned_count=rest["ScannedCount"],
        last_evaluated_key=_key(rest["LastEvaluatedKey"]),
        consumed_units=(rest["ConsumedCapacity"] or {}).get("CapacityUnits"),
    )


def _columns(items: pa.StructArray, texts: pa.StringArray) -> pa.Table:
    """A column per attribute that has a value in some item, with texts for the numbers of texts."""
    columns = {
        attribute.name: _with_texts(column, texts)
        for attribute, column in zip(items.type, items.flatten(), strict=True)
        if column.null_count < len(items)
    }
    return pa.table(columns)


def _with_texts(column: pa.StructArray, texts: pa.StringArray) -> pa.StructArray:
    tags = [tag.name for tag in column.type]
    if not any(tag in NESTED_TAGS for tag in tags):
        return column
    values = [texts.take(column.field(tag)) if tag in NESTED_TAGS else column.field(tag) for tag in tags]
    return pa.StructArray.from_arrays(values, tags, mask=pc.is_null(column))


def _key(values: Mapping[str, Mapping[str, str | None]] | None) -> Mapping[str, AttributeValue] | None:
    if values is None:
        return None
    return {
        attribute: {
            tag: b64decode(value) if tag == "B" else value for tag, value in tags.items() if value is not None
        }
        for attribute, tags in values.items()
        if tags is not None
    }
