"""A column of every logical type, values for them, what text formats make of them, and files in memory."""

import io
import json
from base64 import b64decode
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import unquote

from hypothesis import strategies as st

from lakeshot.columns.types import (
    BIGINT,
    BINARY,
    BOOLEAN,
    DECIMAL,
    NUMBER_TEXT,
    STRING,
    Column,
    ColumnType,
    array_of,
)
from lakeshot.columns.types import JSON as JSON_TYPE


class InMemory(io.BytesIO):
    """A file in memory, as a sink and as a stream."""

    @property
    def size(self) -> int:
        return len(self.getvalue())

    def tail(self, size: int) -> bytes:
        return self.getvalue()[-size:]


def column(name: str, kind: ColumnType) -> Column:
    return Column(name=name, source=name, type=kind)


ROW: dict[str, object] = {
    "whole": -(2**63),
    "exact": Decimal("-12345678901234567890.000000000000000001"),
    "wide": "1E-130",
    "text": 'a "quoted" \\ line\nand \x00 control, ü, 🚀',
    "flag": False,
    "raw": b"\x00\xff",
    "tags": ["x", 'y"'],
    "numbers": [1, 2],
    "amounts": [Decimal("0.5")],
    "blobs": [b"", b"\x01\x02"],
    "document": '{"a":[1,null]}',
}
TYPES = {
    "whole": BIGINT,
    "exact": DECIMAL,
    "wide": NUMBER_TEXT,
    "text": STRING,
    "flag": BOOLEAN,
    "raw": BINARY,
    "tags": array_of(STRING),
    "numbers": array_of(BIGINT),
    "amounts": array_of(DECIMAL),
    "blobs": array_of(BINARY),
    "document": JSON_TYPE,
}
COLUMNS = tuple(column(name, kind) for name, kind in TYPES.items())

NUMBERS = st.decimals(min_value="-99999999999999999999", max_value="99999999999999999999", places=18)
TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text('%,"+\\\r\n N2C', max_size=8)
VALUES = {
    "whole": st.integers(-(2**63), 2**63 - 1),
    "exact": NUMBERS,
    "wide": st.sampled_from(["9.9E+125", "1E-130", ".5"]),
    "text": TEXT,
    "flag": st.booleans(),
    "raw": st.binary(),
    "tags": st.lists(TEXT, max_size=3),
    "numbers": st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
    "amounts": st.lists(NUMBERS, max_size=3),
    "blobs": st.lists(st.binary(), max_size=3),
    "document": TEXT,
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()}), min_size=1
)
"""Rows of any values, null or not, of every type."""


def _same(value: object) -> object:
    return value


_FROM_JSON: dict[str, Callable[[str], object]] = {"binary": b64decode, "decimal(38,18)": Decimal}
_FROM_CSV: dict[str, Callable[[str], object]] = {
    "bigint": int,
    "boolean": lambda text: {"true": True, "false": False}[text],
    "number_text": str,
    "string": unquote,
    "json": unquote,
    **_FROM_JSON,
}


def json_value(name: str, value: object) -> object:
    """What docs/types.md says a JSON value of the column stands for."""
    convert: Callable[..., object] = _FROM_JSON.get(str(TYPES[name].element), _same)
    if isinstance(value, list):
        return [convert(one) for one in value]
    return None if value is None else convert(value)


def csv_value(name: str, field: str) -> object:
    """What docs/types.md says a CSV field of the column stands for."""
    if field == "\\N":
        return None
    if TYPES[name].is_array:
        return json_value(name, json.loads(unquote(field)))
    return _FROM_CSV[str(TYPES[name])](field)
