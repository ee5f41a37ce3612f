"""Every row of docs/types.md as a literal: attribute values in, column type and Arrow values out."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from lakeshot.columns.schema import Column, ColumnType
from lakeshot.dynamodb.columns import typed
from lakeshot.dynamodb.page import PageDecoder
from lakeshot.errors import SourceError
from tests.unit.dynamodb.type_table import Value, scan_response

INT64_MAX, INT64_MIN = 9223372036854775807, -9223372036854775808
LARGEST_DECIMAL = "99999999999999999999.999999999999999999"
DECIMAL = pa.decimal128(38, 18)


def typed_items(*items: dict[str, Value]) -> tuple[pa.Table, tuple[Column, ...]]:
    return typed([PageDecoder().decode(scan_response(list(items))).items])


def typed_values(*values: Value | None) -> list[object]:
    """Column type, Arrow type and values of one attribute, ``None`` for an item without it."""
    items = [{"id": {"S": "x"}, **({"a": value} if value else {})} for value in values]
    table, columns = typed_items(*items)
    (column,) = [column for column in columns if column.source == "a"]
    return [str(column.type), table.schema.field("a").type, table.column("a").to_pylist()]


ROWS: dict[str, tuple[list[Value | None], str, Any, list[object]]] = {
    "1 S": ([{"S": "2026-11-21T23:26:05Z"}, {"S": ""}], "string", pa.string(), ["2026-11-21T23:26:05Z", ""]),
    "2 whole N": (
        [{"N": str(INT64_MAX)}, {"N": str(INT64_MIN)}],
        "bigint",
        pa.int64(),
        [INT64_MAX, INT64_MIN],
    ),
    "3 N with a point": (
        [{"N": LARGEST_DECIMAL}, {"N": "-0.000000000000000001"}, {"N": "1"}],
        "decimal(38,18)",
        DECIMAL,
        [Decimal(LARGEST_DECIMAL), Decimal("-1E-18"), Decimal(1)],
    ),
    "3 whole N beyond 64 bits": (
        [{"N": "9223372036854775808"}],
        "decimal(38,18)",
        DECIMAL,
        [Decimal("9223372036854775808")],
    ),
    "4 38 digits": (
        [{"N": "12345678901234567890123456789012345678"}, {"N": "1"}],
        "number_text",
        pa.string(),
        ["12345678901234567890123456789012345678", "1"],
    ),
    "4 too small": ([{"N": "1E-130"}], "number_text", pa.string(), ["1E-130"]),
    "4 too large": ([{"N": "9.9E+125"}], "number_text", pa.string(), ["9.9E+125"]),
    "4 19 decimals": (
        [{"N": "0.0000000000000000001"}],
        "number_text",
        pa.string(),
        ["0.0000000000000000001"],
    ),
    "4 21 digits, which Arrow would wrap": (
        [{"N": "340282366920938463804"}],
        "number_text",
        pa.string(),
        ["340282366920938463804"],
    ),
    "4 an exponent Arrow would get wrong": ([{"N": "1E-95"}], "number_text", pa.string(), ["1E-95"]),
    "5 BOOL": ([{"BOOL": True}, {"BOOL": False}], "boolean", pa.bool_(), [True, False]),
    "6 B": (
        [{"B": ""}, {"B": "AA=="}, {"B": "AAE="}, {"B": "AAEC"}, {"B": "+/8="}],
        "binary",
        pa.binary(),
        [b"", b"\x00", b"\x00\x01", b"\x00\x01\x02", b"\xfb\xff"],
    ),
    "7 NULL only": ([{"NULL": True}, None], "null", pa.string(), [None, None]),
    "7 NULL beside values": ([{"NULL": True}, {"N": "1"}, None], "bigint", pa.int64(), [None, 1, None]),
    "8 SS": ([{"SS": ["a", ""]}, {"SS": ["b"]}], "array<string>", pa.list_(pa.string()), [["a", ""], ["b"]]),
    "9 whole NS": ([{"NS": ["1", "-2"]}, None], "array<bigint>", pa.list_(pa.int64()), [[1, -2], None]),
    "10 NS with a point": (
        [{"NS": ["1", "2.5"]}, None, {"NS": ["3"]}],
        "array<decimal(38,18)>",
        pa.list_(DECIMAL),
        [[Decimal(1), Decimal("2.5")], None, [Decimal(3)]],
    ),
    "11 wide NS": (
        [{"NS": ["1E-130", "2"]}],
        "array<number_text>",
        pa.list_(pa.string()),
        [["1E-130", "2"]],
    ),
    "12 BS": (
        [{"BS": ["AAE=", "AA=="]}, None],
        "array<binary>",
        pa.list_(pa.binary()),
        [[b"\x00\x01", b"\x00"], None],
    ),
    "13 M": ([{"M": {"a": {"N": "1.50"}}}, {"M": {}}], "json", pa.string(), ['{"a":1.50}', "{}"]),
    "13 L": ([{"L": [{"S": "x"}, {"NULL": True}]}, {"L": []}], "json", pa.string(), ['["x",null]', "[]"]),
    "13 several types": (
        [
            {"S": 'x"\\\n\x00\x1f'},
            {"N": "1.50"},
            {"N": ".5"},
            {"BOOL": True},
            {"B": "AAE="},
            {"SS": ['a"', "b"]},
            {"NS": ["1", "2.50"]},
            {"BS": ["AAE=", "AA=="]},
            {"M": {"k": {"S": "v"}}},
            {"L": []},
            {"NULL": True},
            None,
        ],
        "json",
        pa.string(),
        [
            '"x\\"\\\\\\u000a\\u0000\\u001f"',
            "1.50",
            '{"N":".5"}',
            "true",
            '{"B":"AAE="}',
            '{"SS":["a\\"","b"]}',
            '{"NS":["1","2.50"]}',
            '{"BS":["AAE=","AA=="]}',
            '{"k":"v"}',
            "[]",
            None,
            None,
        ],
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_each_row_of_the_type_table(row: str) -> None:
    """Attribute values get the type and the exact values that docs/types.md promises."""
    values, *expected = ROWS[row]
    assert typed_values(*values) == expected


def test_types_are_decided_over_all_pages() -> None:
    """A single wide number on the last page decides for the whole row group."""
    decoder = PageDecoder()
    first = decoder.decode(scan_response([{"id": {"N": "1"}}])).items
    last = decoder.decode(scan_response([{"id": {"N": "2.5"}, "rare": {"BOOL": True}}])).items
    table, columns = typed([first, last])
    assert columns == (
        Column(name="id", source="id", type=ColumnType.parse("decimal(38,18)")),
        Column(name="rare", source="rare", type=ColumnType.parse("boolean")),
    )
    assert table.to_pylist() == [{"id": Decimal(1), "rare": None}, {"id": Decimal("2.5"), "rare": True}]


def test_no_items_are_an_empty_table() -> None:
    """An empty DynamoDB table is an empty table without columns, not an error."""
    table, columns = typed_items()
    assert (table.num_rows, columns) == (0, ())


def test_names_that_differ_in_case_are_two_columns() -> None:
    """Attributes that the catalog could not tell apart get the documented names."""
    table, columns = typed_items({"Id": {"N": "1"}, "id": {"S": "x"}})
    assert {column.source: column.name for column in columns} == {"Id": "id_12156e", "id": "id"}
    assert table.to_pylist() == [{"id_12156e": 1, "id": "x"}]


def test_broken_base64_names_the_attribute() -> None:
    """What is no base64 is refused with the attribute's name, and without the value."""
    with pytest.raises(SourceError, match="attribute 'photo' cannot be read: a binary value is not base64"):
        typed_items({"photo": {"B": "A==="}})
