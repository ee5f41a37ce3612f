"""Each row of the tables in docs/types.md says what is."""

import html
import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from lakeshot.columns.casting import arrow_type
from lakeshot.columns.partition_text import partition_text
from lakeshot.columns.schema import arrow_schema, hive_type, trino_type, view_expression
from lakeshot.columns.types import BOOLEAN, NULL, NUMBER_TEXT, PINNABLE, STRING, Column, ColumnType, decimal
from lakeshot.config.deployed import Deployed
from lakeshot.dynamodb.pinnable import DYNAMODB_TYPES
from lakeshot.files import Compression, FileFormat, compressions
from lakeshot.files.avro import avro_schema
from lakeshot.files.formats import ENCODERS
from tests.unit.declared import declared_lake, file_of

DOCUMENT = Path(__file__).parents[3] / "docs" / "types.md"
VALUES: dict[str, object] = {
    "string": 'a, "b"',
    "bigint": -7,
    "decimal(38,18)": Decimal("1.5"),
    "decimal(10,2)": Decimal("1.5"),
    "number_text": "1E+125",
    "double": -0.0,
    "real": 0.1,
    "date": date(2026, 11, 22),
    "date_text": "0044-03-15 BC",
    "timestamp(6)": "2026-11-22 09:05:00.25",
    "timestamp_text": "infinity",
    "boolean": True,
    "binary": b"\xfb\xff",
    "null": None,
    "array<string>": ["x", "y"],
    "array<bigint>": [1, 2],
    "array<decimal(38,18)>": [Decimal("0.5")],
    "array<number_text>": ["1E9"],
    "array<binary>": [b"\x00"],
    "json": '{"a":1}',
}
"""The values that the table names."""


def rows(heading: str) -> list[list[str]]:
    """The cells of the table whose heading begins so, without their marks."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(heading))
    found = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        found.append([html.unescape(cell.strip().strip("`")) for cell in line.strip("|").split(" | ")])
    return found


FORMATS = rows("| logical type | value |")


def in_words(avro: object) -> str:
    """An Avro type as the document has it."""
    if isinstance(avro, dict):
        if avro["type"] == "array":
            return f"array of {in_words(avro['items'])}"
        digits = f"({avro['precision']},{avro['scale']})" if "precision" in avro else ""
        return f"{avro['type']}, {avro['logicalType']}{digits}"
    return str(avro)


def test_the_tables_have_a_row_for_every_type() -> None:
    """And none for another."""
    assert sorted(row[2] for row in rows("| # |")) == sorted(map(str, (NULL, *DYNAMODB_TYPES)))
    assert sorted(row[0] for row in FORMATS) == sorted(map(str, (NULL, *PINNABLE, decimal(10, 2))))


@pytest.mark.parametrize("row", rows("| # |"), ids=lambda row: f"row {row[0]}")
def test_the_view_has_the_type_of_the_row(row: list[str]) -> None:
    """As Athena calls it."""
    assert trino_type(ColumnType.parse(row[2])) == row[3]


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row[0])
def test_files_and_tables_hold_what_the_row_says(deployed: Deployed, row: list[str]) -> None:
    """Types in the table, the type in an Avro file, and the very characters of the two formats of text."""
    name, _, typed, avro, json_lines, in_json_table, csv = row
    kind = ColumnType.parse(name)
    columns = (Column(name="v", source="v", type=kind),)
    table = pa.Table.from_pylist([{"v": VALUES[name]}], schema=arrow_schema(columns))
    for file_format in ENCODERS:
        expected = {FileFormat.JSON: in_json_table, FileFormat.CSV: "string"}.get(file_format, typed)
        assert hive_type(kind, file_format) == expected
    (field,) = json.loads(avro_schema(columns))["fields"]
    assert (field["type"][0], in_words(field["type"][1])) == ("null", avro)
    line = file_of(table, columns, FileFormat.JSON, Compression.NONE).decode()
    assert line == ("{}\n" if json_lines == "left out" else f'{{"v":{json_lines}}}\n')
    assert file_of(table, columns, FileFormat.CSV, Compression.NONE).decode() == f"{csv}\n"
    shown = {
        str(declared_lake(deployed, table, columns, file_format).rows(view(columns[0], file_format)))
        for file_format in ENCODERS
    }
    assert len(shown) == 1


def view(column: Column, file_format: FileFormat) -> str:
    return f"SELECT {view_expression(column, file_format)} AS v FROM t"


def test_compressions_are_those_that_there_are() -> None:
    """In their order, the default first."""
    [cells] = [row for row in rows("| | Parquet | ORC |") if row[0].startswith("compressions")]
    for file_format, cell in zip(("parquet", "orc", "avro", "json", "csv"), cells[1:], strict=True):
        named = [part.split(" ")[0] for part in cell.split(", ")]
        assert named == [compression.value for compression in compressions(FileFormat(file_format))]


def test_every_row_of_the_partition_table_is_a_folder() -> None:
    """The value that the row names has the text that it says."""
    found = {value: folder.strip("`") for value, folder in rows("| value | folder |")}
    assert {value: texts_of(value) for value in found} == {value: {folder} for value, folder in found.items()}


def texts_of(cell: str) -> set[str]:
    """The folders of the values that a cell names."""
    tag, _, told = cell.partition("`: ")
    values = [] if cell == "no value" else [value.strip("`") for value in told.split(", ")]
    match tag:
        case "S":
            return _folders(["" if value == "the empty text" else value for value in values], STRING)
        case "N":
            return _folders(values, NUMBER_TEXT)
        case "BOOL":
            return _folders([value == "true" for value in values], BOOLEAN)
        case _:
            return _folders([None], STRING)


def _folders(values: Sequence[object], kind: ColumnType) -> set[str]:
    return set(partition_text(pa.array(values, arrow_type(kind)), kind).to_pylist())
