"""JSON lines hold every logical type without loss, and nothing but valid JSON."""

import gzip
import json

import pyarrow as pa
import pytest

from lakeshot.columns.schema import arrow_schema
from lakeshot.columns.types import BIGINT, STRING, Column
from lakeshot.files import Compression
from lakeshot.files.json_lines import JsonLinesEncoder, json_lines_tables
from tests.unit.files.every_type import COLUMNS, ROW, InMemory, column


def encoded(
    table: pa.Table, columns: tuple[Column, ...], compression: Compression = Compression.NONE
) -> bytes:
    sink = InMemory()
    encoder = JsonLinesEncoder(sink, columns, compression)
    encoder.write(table)
    encoder.close()
    return sink.getvalue()


def test_each_type_is_written_as_documented() -> None:
    """Whole numbers and booleans stand bare; everything else is a string."""
    table = pa.Table.from_pylist([ROW], schema=arrow_schema(COLUMNS))
    assert json.loads(encoded(table, COLUMNS)) == {
        "whole": -9223372036854775808,
        "exact": "-12345678901234567890.000000000000000001",
        "wide": "1E-130",
        "text": 'a "quoted" \\ line\nand \x00 control, ü, 🚀',
        "flag": False,
        "raw": "AP8=",
        "tags": ["x", 'y"'],
        "numbers": [1, 2],
        "amounts": ["0.5"],
        "blobs": ["", "AQI="],
        "document": '{"a":[1,null]}',
        "price": "-99999999.99",
        "share": "0.00000000000000000000000000000000000001",
        "count": "100",
        "ratio": "-0",
        "single": "16777216",
        "day": "1582-10-15",
        "any_day": "0044-03-15 BC",
        "moment": "9999-12-31 23:59:59.999999",
        "any_moment": "-infinity",
        "shares": ["-0.25"],
    }


def test_nulls_are_left_out() -> None:
    """A row without any value is an empty object, on a line of its own."""
    columns = (column("a", STRING), column("b", BIGINT))
    table = pa.table({"a": ["x", None, None], "b": pa.array([None, None, 1], pa.int64())})
    assert encoded(table, columns) == b'{"a":"x"}\n{}\n{"b":1}\n'


def test_control_characters_never_break_a_line() -> None:
    """What readers take for the end of a line is escaped inside text."""
    table = pa.table({"a": ["".join(map(chr, range(0x20)))]})
    line = encoded(table, (column("a", STRING),))
    assert line.count(b"\n") == 1
    assert min(line[:-1]) >= 0x20


def test_gzip_is_one_stream_that_says_the_same() -> None:
    """Compressed lines are the lines, whatever the number of writes."""
    table = pa.table({"a": [str(number) for number in range(20_000)]})
    columns = (column("a", STRING),)
    assert gzip.decompress(encoded(table, columns, Compression.GZIP)) == encoded(table, columns)


def test_lines_longer_than_a_piece_are_read_whole() -> None:
    """Items of 400 KB, more of them than one piece of the stream holds, come back whole."""
    columns = (column("a", STRING),)
    table = pa.table({"a": [letter * 400_000 for letter in "abcdefghijklmnopqrstuvwxyz"]})
    stream = InMemory(encoded(table, columns))
    read = [
        row["a"] for part in json_lines_tables(stream, columns, Compression.NONE) for row in part.to_pylist()
    ]
    assert [(text[0], len(text)) for text in read] == [
        (letter, 400_000) for letter in "abcdefghijklmnopqrstuvwxyz"
    ]


def test_text_that_ends_early_is_an_error() -> None:
    """Half a compressed file is not taken for a shorter one."""
    table = pa.table({"a": ["x"] * 1000})
    whole = encoded(table, (column("a", STRING),), Compression.GZIP)
    with pytest.raises(EOFError):
        list(json_lines_tables(InMemory(whole[:-9]), (column("a", STRING),), Compression.GZIP))
