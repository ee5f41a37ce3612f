"""Blocks of COPY's text become typed columns, whatever is in them."""

from datetime import date

import pyarrow as pa
import pytest

from lakeshot.columns.types import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    JSON,
    REAL,
    STRING,
    Column,
    ColumnType,
    decimal,
)
from lakeshot.errors import SourceError
from lakeshot.postgres.column_types import Decoding, ReadColumn
from lakeshot.postgres.text_blocks import BYTE_ORDER_MARK, BlockParser, typed


def read(column_type: ColumnType, decoding: Decoding = Decoding.AS_IS, name: str = "a") -> ReadColumn:
    return ReadColumn(
        column=Column(name=name, source=name.upper(), type=column_type), expression=name, decoding=decoding
    )


def rows(block: str, *columns: ReadColumn) -> tuple[pa.Table, tuple[Column, ...]]:
    return typed([BlockParser(columns).parse(BYTE_ORDER_MARK + block.encode())])


def test_null_is_told_from_an_empty_text() -> None:
    """Null is a mark, an empty text is nothing, also where each row is one column."""
    table, _ = rows("\\N\n\n\\N\n\\\\N\n\n", read(STRING))
    assert table.column("a").to_pylist() == [None, "", None, "\\N", ""]


def test_nothing_in_every_column() -> None:
    """Marks of null alone make nobody look for other escapes."""
    table, _ = rows("\\N\t\\N\n\t\\N\n", read(STRING, name="a"), read(DOUBLE, name="b"))
    assert table.to_pylist() == [{"a": None, "b": None}, {"a": "", "b": None}]


def test_what_only_looks_like_something_else() -> None:
    """Byte order marks, quotes, spaces and other words for null are texts."""
    values = ["\ufeffmark", '"', '""', '"a', "NULL", " NaN ", "#N/A", "t", "1e5", "a,b", "\x01\x7f"]
    table, _ = rows("".join(f"{value}\n" for value in values), read(STRING))
    assert table.column("a").to_pylist() == values


def test_escapes_within_values() -> None:
    """What would end a field or a row is escaped, and COPY's own marks are."""
    block = "a\\r\\nb\tx\\ty\n\\\\.\t\\\\n\n\\n\\n\\\\\t\\\\\\\\\n"
    table, _ = rows(block, read(STRING, name="a"), read(JSON, name="b"))
    assert table.to_pylist() == [
        {"a": "a\r\nb", "b": "x\ty"},
        {"a": "\\.", "b": "\\n"},
        {"a": "\n\n\\", "b": "\\\\"},
    ]


def test_columns_of_one_name_are_told_apart_by_place() -> None:
    """Sources' names play no part in parsing."""
    table, columns = rows(
        "t\t1.5\tInfinity\n", read(BOOLEAN, name="x"), read(DOUBLE, name="y"), read(REAL, name="z")
    )
    assert table.to_pylist() == [{"x": True, "y": 1.5, "z": float("inf")}]
    assert [column.source for column in columns] == ["X", "Y", "Z"]


def test_blocks_of_different_types_become_one_table() -> None:
    """A block that needs a wider type widens those before it, and is the last that is parsed twice."""
    parser = BlockParser(
        [
            read(DATE, Decoding.DATE),
            read(decimal(9, 2), Decoding.DECIMAL, "m"),
            read(BINARY, Decoding.HEX, "b"),
        ]
    )
    blocks = [
        b"2020-01-02\t1.50\t\\\\x00\n",
        b"infinity\t2.00\t\\N\n",
        b"2020-01-03\t3.25\t\\\\x\n",
        b"0044-03-15 BC\tNaN\t\\\\xff00\n",
    ]
    batches = [parser.parse(BYTE_ORDER_MARK + block) for block in blocks]
    assert [[str(column.type) for column in batch.columns][:2] for batch in batches] == [
        ["date", "decimal(9,2)"],
        ["date_text", "decimal(9,2)"],
        ["date", "decimal(9,2)"],
        ["date_text", "number_text"],
    ]
    table, columns = typed(batches)
    assert [str(column.type) for column in columns] == ["date_text", "number_text", "binary"]
    assert table.column("a").to_pylist() == ["2020-01-02", "infinity", "2020-01-03", "0044-03-15 BC"]
    assert table.column("m").to_pylist() == ["1.5", "2", "3.25", "NaN"]
    assert table.column("b").to_pylist() == [b"\x00", None, b"", b"\xff\x00"]


@pytest.mark.parametrize("before", [b"", b"infinity\n"])
def test_days_before_the_calendar_of_today_are_texts(before: bytes) -> None:
    """Readers that count by the one before would shift them; in a block that Arrow reads as days, too."""
    parser = BlockParser([read(DATE, Decoding.DATE)])
    if before:
        parser.parse(BYTE_ORDER_MARK + before)
    blocks = [
        (b"1582-10-15\n\\N\n9999-12-31\n", "date", [date(1582, 10, 15), None, date(9999, 12, 31)]),
        (b"2026-11-22\n1582-10-14\n", "date_text", ["2026-11-22", "1582-10-14"]),
        (b"0001-01-01\n\\N\n0987-06-05\n", "date_text", ["0001-01-01", None, "0987-06-05"]),
        (b"\\N\n", "date", [None]),
    ]
    for block, column_type, expected in blocks:
        rows = parser.parse(BYTE_ORDER_MARK + block)
        assert str(rows.columns[0].type) == column_type
        assert rows.table.column("a").to_pylist() == expected


def test_a_batch_tells_its_size() -> None:
    """By which the writer closes row groups."""
    batch = BlockParser([read(STRING)]).parse(BYTE_ORDER_MARK + b"abc\n" * 1000)
    assert batch.num_rows == 1000
    assert batch.nbytes >= 3000
    assert batch.column_names == ["a"]


@pytest.mark.parametrize(
    ("block", "column_type", "expected"),
    [
        (b"v4lue\n", DOUBLE, "column 'A' is not as its type says"),
        (b"v4lue\t\xff\n", STRING, "column 'B' has a text that is not UTF-8"),
        (b"v4lue\\n\xff\n", STRING, "column 'A' has a text that is not UTF-8"),
        (b"v4lue\t1\t2\t3\n", STRING, "a row is not as its type says"),
    ],
)
def test_what_cannot_be_read(block: bytes, column_type: ColumnType, expected: str) -> None:
    """The column is named; its value is shown neither by the error nor by a cause."""
    count = block.count(b"\t") + 1 if block.count(b"\t") < 3 else 2
    columns = [read(column_type), read(STRING, name="b")][:count]
    with pytest.raises(SourceError, match=expected) as raised:
        BlockParser(columns).parse(BYTE_ORDER_MARK + block)
    assert raised.value.__suppress_context__
    assert "v4lue" not in str(raised.value)
