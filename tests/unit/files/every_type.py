"""A column of every logical type, values for them, what text formats make of them, and files in memory."""

import io
import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from urllib.parse import unquote

import numpy as np
from hypothesis import strategies as st

from lakeshot.columns.types import (
    BIGINT,
    BINARY,
    BOOLEAN,
    DATE,
    DATE_TEXT,
    DECIMAL,
    DOUBLE,
    NUMBER_TEXT,
    REAL,
    STRING,
    TIMESTAMP,
    TIMESTAMP_TEXT,
    Column,
    ColumnType,
    Scalar,
    array_of,
    decimal,
)
from lakeshot.columns.types import JSON as JSON_TYPE
from tests.unit.columns.any_type import value_of


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
    "price": Decimal("-99999999.99"),
    "share": Decimal("0.00000000000000000000000000000000000001"),
    "count": Decimal("100"),
    "ratio": -0.0,
    "single": 16777216.0,
    "day": date(1582, 10, 15),
    "any_day": "0044-03-15 BC",
    "moment": "9999-12-31 23:59:59.999999",
    "any_moment": "-infinity",
    "shares": [Decimal("-0.25")],
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
    "price": decimal(10, 2),
    "share": decimal(38, 38),
    "count": decimal(20, 0),
    "ratio": DOUBLE,
    "single": REAL,
    "day": DATE,
    "any_day": DATE_TEXT,
    "moment": TIMESTAMP,
    "any_moment": TIMESTAMP_TEXT,
    "shares": array_of(decimal(5, 2)),
}
COLUMNS = tuple(column(name, kind) for name, kind in TYPES.items())

TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text('%,"+\\\r\n N2C', max_size=8)
VALUES = {
    **{name: value_of(kind) for name, kind in TYPES.items()},
    "text": TEXT,
    "tags": st.lists(TEXT, max_size=3),
    "document": TEXT,
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()}), min_size=1
)
"""Rows of any values, null or not, of every type."""


def _same(value: object) -> object:
    return value


_FROM_JSON: dict[Scalar, Callable[[str], object]] = {
    Scalar.BINARY: b64decode,
    Scalar.DECIMAL: Decimal,
    Scalar.DOUBLE: float,
    Scalar.REAL: lambda text: np.float32(text).item(),
    Scalar.DATE: date.fromisoformat,
}
_FROM_CSV: dict[Scalar, Callable[[str], object]] = {
    Scalar.BIGINT: int,
    Scalar.BOOLEAN: lambda text: {"true": True, "false": False}[text],
    Scalar.NUMBER_TEXT: str,
    Scalar.STRING: unquote,
    Scalar.DATE_TEXT: unquote,
    Scalar.TIMESTAMP: str,
    Scalar.TIMESTAMP_TEXT: unquote,
    Scalar.JSON: unquote,
    **_FROM_JSON,
}


def bitwise(rows: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """The same rows with floating-point values by their bits, which tell NaN from others and zero's sign."""
    return [
        {name: value.hex() if isinstance(value, float) else value for name, value in row.items()}
        for row in rows
    ]


def json_value(name: str, value: object) -> object:
    """What docs/types.md says a JSON value of the column stands for."""
    convert: Callable[..., object] = _FROM_JSON.get(TYPES[name].scalar, _same)
    if isinstance(value, list):
        return [convert(one) for one in value]
    return None if value is None else convert(value)


def csv_value(name: str, field: str) -> object:
    """What docs/types.md says a CSV field of the column stands for."""
    if field == "\\N":
        return None
    if TYPES[name].is_array:
        return json_value(name, json.loads(unquote(field)))
    return _FROM_CSV[TYPES[name].scalar](field)
