"""One table in every format: the view shows the same types and the very same values, to the last digit."""

import base64
from collections.abc import Iterable
from typing import Any

import pytest

from tests.cloud.pipeline.pipeline import DATABASE, Pipeline

pytestmark = pytest.mark.cloud

FORMATS = ("parquet", "orc", "avro", "json", "csv")
TEXT = 'a,b;c|d\t"e" \\N \\n\nnew\r\nline %2C + é🚀 \u2028'
ITEMS: list[dict[str, Any]] = [
    {
        "Id": {"S": "r-1"},
        "Text": {"S": TEXT},
        "Empty": {"S": ""},
        "Whole": {"N": "9223372036854775807"},
        "Exact": {"N": "-12345678901234567890.123456789012345678"},
        "Wide": {"N": "12345678901234567890123456789012345678"},
        "Flag": {"BOOL": False},
        "Raw": {"B": b"\x00\xff+/"},
        "Tags": {"SS": ['y,"z"', "x\n"]},
        "Wholes": {"NS": ["1", "9223372036854775807"]},
        "Exacts": {"NS": ["0.5", "12345678901234567890.5"]},
        "Wides": {"NS": ["99999999999999999999999999999999999999"]},
        "Blobs": {"BS": [b"\x00", b"\xff"]},
        "Doc": {"M": {"city": {"S": 'Zürich, "CH"'}, "n": {"N": "1.5"}, "none": {"NULL": True}}},
        "List": {"L": [{"N": "1"}, {"S": "a\nb"}]},
        "Mixed": {"S": "x"},
        "Nothing": {"NULL": True},
        "7th": {"S": "a digit first"},
    },
    {"Id": {"S": "r-2"}, "Mixed": {"N": "7"}},
]
LATER: dict[str, Any] = {"Id": {"S": "r-3"}, "Aaa": {"S": "first by name"}, "Whole": {"N": "-1"}}
TYPES = {
    "id": "string",
    "7th": "string",
    "blobs": "array<binary>",
    "doc": "string",
    "empty": "string",
    "exact": "decimal(38,18)",
    "exacts": "array<decimal(38,18)>",
    "flag": "boolean",
    "list": "string",
    "mixed": "string",
    "nothing": "string",
    "raw": "binary",
    "tags": "array<string>",
    "text": "string",
    "whole": "bigint",
    "wholes": "array<bigint>",
    "wide": "string",
    "wides": "array<string>",
}
"""Every column of the view and its type in Hive's words."""
SHOWN = {
    "id": "r-1",
    "7th": "a digit first",
    "doc": '{"city":"Zürich, \\"CH\\"","n":1.5,"none":null}',
    "empty": "",
    "exact": "-12345678901234567890.123456789012345678",
    "flag": "false",
    "list": '[1,"a\\nb"]',
    "mixed": '"x"',
    "nothing": None,
    "raw": base64.b64encode(b"\x00\xff+/").decode(),
    "text": TEXT,
    "whole": "9223372036854775807",
    "wide": "12345678901234567890123456789012345678",
}
"""What the first item is in the view, each value as text."""
HELD = {
    "tags": ["'y,\"z\"'", "'x\n'"],
    "wholes": ["1", "9223372036854775807"],
    "exacts": ["CAST('0.5' AS decimal(38,18))", "CAST('12345678901234567890.5' AS decimal(38,18))"],
    "wides": ["'99999999999999999999999999999999999999'"],
    "blobs": ["from_base64('AA==')", "from_base64('/w==')"],
}
"""What its arrays hold, in SQL."""


def export(file_format: str) -> str:
    return f"formats-{file_format}"


@pytest.fixture(scope="module")
def exported(pipeline: Pipeline) -> Pipeline:
    """The table in every format, twice: the second snapshots have an item and a column more."""
    pipeline.make_table("Formats", ITEMS)
    started = [pipeline.start(export(file_format)) for file_format in FORMATS]
    succeeded(pipeline, started)
    pipeline.client("dynamodb").put_item(TableName="Formats", Item=LATER)
    succeeded(pipeline, [pipeline.start(export(file_format)) for file_format in FORMATS])
    return pipeline


def succeeded(pipeline: Pipeline, runs: Iterable[str]) -> None:
    for run in runs:
        ended = pipeline.end(run)
        assert ended.status == "SUCCEEDED", f"{ended.error}: {ended.cause}"


def text_of(name: str, kind: str) -> str:
    """SQL that makes text of a column, so that null, empty and every digit can be told apart.

    Carriage returns are shown as another character, because pandas reads them from a result as line feeds.
    """
    value = (
        f'to_base64("{name}")' if kind == "binary" else f"replace(CAST(\"{name}\" AS varchar), chr(13), '␍')"
    )
    return f"coalesce('=' || {value}, 'null') AS \"{name}\""


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_value_is_shown_as_the_source_has_it(exported: Pipeline, file_format: str) -> None:
    """The values of all types, whatever the files hold them as."""
    view = exported.deployed(export(file_format)).names.view
    columns = ", ".join(text_of(name, TYPES[name]) for name in SHOWN)
    [row] = exported.rows(f"SELECT {columns} FROM \"{view}\" WHERE id = 'r-1'")
    shown = {name: None if value is None else value.replace("\r", "␍") for name, value in SHOWN.items()}
    assert row == {name: "null" if value is None else f"={value}" for name, value in shown.items()}
    for name, values in HELD.items():
        held = " AND ".join(f'contains("{name}", {value})' for value in values)
        sql = f'SELECT count(*) FROM "{view}" WHERE id = \'r-1\' AND cardinality("{name}") = {len(values)}'
        assert exported.number(f"{sql} AND {held}") == 1, name
    absent = " AND ".join(f'"{name}" IS NULL' for name in TYPES if name not in {"id", "mixed"})
    assert (
        exported.number(f"SELECT count(*) FROM \"{view}\" WHERE id = 'r-2' AND mixed = '7' AND {absent}") == 1
    )


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_view_has_the_same_types_in_every_format(exported: Pipeline, file_format: str) -> None:
    """In the same order, the columns that came later at the end."""
    view = exported.deployed(export(file_format)).names.view
    found = exported.client("glue").get_table(DatabaseName=DATABASE, Name=view)["Table"]
    columns = {column["Name"]: column["Type"] for column in found["StorageDescriptor"]["Columns"]}
    assert list(columns.items()) == [*TYPES.items(), ("aaa", "string"), ("snapshot_timestamp", "string")]


@pytest.mark.parametrize("file_format", FORMATS)
def test_both_snapshots_are_in_one_table(exported: Pipeline, file_format: str) -> None:
    """A new column comes after the others, so that the first snapshot is read as before."""
    names = exported.deployed(export(file_format)).names
    [row] = exported.rows(
        f'SELECT count(*) AS rows, count(DISTINCT snapshot_timestamp) AS n FROM "{names.table}"'
    )
    assert row == {"rows": 5, "n": 2}
    [later] = exported.rows(f"SELECT aaa, whole, text FROM \"{names.view}\" WHERE id = 'r-3'")
    assert later == {"aaa": "first by name", "whole": -1, "text": None}
    column = "_7th" if file_format == "avro" else "7th"
    found = exported.rows(f'SELECT "{column}" AS seventh, count(*) AS n FROM "{names.table}" GROUP BY 1')
    assert sorted((str(row["seventh"] or ""), row["n"]) for row in found) == [("", 3), ("a digit first", 2)]


def test_nested_values_may_be_refused(exported: Pipeline) -> None:
    """The run ends as soon as one is met, and says which attribute it was."""
    ended = exported.run("formats-refused")
    assert ended.status == "FAILED"
    assert "NestedValuesError: attribute 'Blobs' holds values of the type array<binary>" in ended.cause
    exported.assert_settled("formats-refused", shown=None, kept=[])
