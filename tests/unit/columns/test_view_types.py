"""The view shows every column in its logical type, whatever the table's type for it is."""

import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from lakeshot.columns.schema import arrow_schema, trino_type, view_expression
from lakeshot.columns.types import NULL, PINNABLE, Column, ColumnType
from lakeshot.config.deployed import Deployed
from lakeshot.files import FileFormat
from lakeshot.files.formats import ENCODERS
from local.athena.views import view_definition
from tests.unit.declared import declared_lake
from tests.unit.local.lake_in_memory import Lake

VALUES: Mapping[str, tuple[object, str]] = {
    "null": (None, ""),
    "bigint": (2**63 - 1, "9223372036854775807"),
    "decimal(38,18)": (Decimal("1E-18"), "0.000000000000000001"),
    "number_text": ("1E-130", "1E-130"),
    "double": (-1e300, "-1.0E300"),
    "real": (0.10000000149011612, "0.1"),
    "date": (date(1, 1, 1), "0001-01-01"),
    "date_text": ("0044-03-15 BC", "0044-03-15 BC"),
    "timestamp(6)": ("0001-01-01 00:00:00.000001", "0001-01-01 00:00:00.000001"),
    "timestamp_text": ("-infinity", "-infinity"),
    "decimal(38,38)": (Decimal("-1E-38"), "-0.00000000000000000000000000000000000001"),
    "decimal(20,0)": (Decimal(10**20 - 1), "99999999999999999999"),
    "array<decimal(4,2)>": ([Decimal("-9.25")], "[-9.25]"),
    "string": ('é"', 'é"'),
    "boolean": (False, "false"),
    "binary": (b"\x00\xff", "00 ff"),
    "json": ('{"a":1}', '{"a":1}'),
    "array<bigint>": ([1, 2], "[1, 2]"),
    "array<decimal(38,18)>": ([Decimal("0.5")], "[0.500000000000000000]"),
    "array<number_text>": (["1E9"], "[1E9]"),
    "array<string>": (["x"], "[x]"),
    "array<binary>": ([b"\x00"], "[00]"),
}
"""A value of each type, and what Athena prints of it."""
AWKWARD = [
    "\\N",
    "\\n",
    "a\nb\r\nc\rd",
    "a,b;c|d\te",
    'say "yes"',
    "\\ \\\\ \\,",
    "%2C %252C 100% +",
    "  padded  ",
    "null",
    "\x01\x00",
    "\u2028\x85é🚀",
    "{'a': 1}",
]
"""Texts that some format or reader gives a meaning."""
COLUMNS = tuple(
    Column(name=f"c{number}", source=f"c{number}", type=column_type)
    for number, column_type in enumerate(map(ColumnType.parse, VALUES))
)


def lake_of(deployed: Deployed, file_format: FileFormat, types: Mapping[str, str] | None = None) -> Lake:
    """A lake whose table ``t`` has a row of all values; ``types`` are declared other than ours."""
    schema = arrow_schema(COLUMNS)
    values = [VALUES[str(column.type)][0] for column in COLUMNS]
    arrays = [pa.array([value], field.type) for value, field in zip(values, schema, strict=True)]
    rows = pa.Table.from_arrays(arrays, schema=schema)
    return declared_lake(deployed, rows, COLUMNS, file_format, types=types)


def view_of(lake: Lake, file_format: FileFormat) -> tuple[list[str], list[str]]:
    """The types of the view's columns as Athena names them, and the texts of its one row."""
    shown = ", ".join(f"{view_expression(column, file_format)} AS {column.name}" for column in COLUMNS)
    lake.rows(f"CREATE VIEW v AS SELECT {shown} FROM t")
    (row,) = lake.rows("SELECT * FROM v")
    return types_of(lake), [text or "" for text in row]


def types_of(lake: Lake) -> list[str]:
    """As the definition of view ``v`` has them."""
    definition = view_definition("lakeshot", lake.catalog.databases["lakeshot"]["v"])
    return [column.type for column in definition.columns]


TYPES = [trino_type(column.type) for column in COLUMNS]
TEXTS = [VALUES[str(column.type)][1] for column in COLUMNS]


def test_there_is_a_value_of_every_type() -> None:
    """So that none is left out below."""
    assert {NULL, *PINNABLE} <= {column.type for column in COLUMNS}


@pytest.mark.parametrize("file_format", list(ENCODERS))
@pytest.mark.parametrize(
    ("kind", "values", "texts"),
    [
        (
            "double",
            [math.nan, math.inf, -math.inf, -0.0, 1.5e-300],
            ["NaN", "Infinity", "-Infinity", "-0.0", "1.5E-300"],
        ),
        (
            "real",
            [math.nan, math.inf, -math.inf, -0.0, 1e20],
            ["NaN", "Infinity", "-Infinity", "-0.0", "1.0E20"],
        ),
        ("date", [date.min, date(1582, 10, 10), date.max], ["0001-01-01", "1582-10-10", "9999-12-31"]),
        (
            "timestamp(6)",
            ["2026-11-22 09:05:00", "1582-10-10 00:00:00.25", "9999-12-31 23:59:59.999999"],
            ["2026-11-22 09:05:00.000000", "1582-10-10 00:00:00.250000", "9999-12-31 23:59:59.999999"],
        ),
    ],
)
def test_values_at_the_ends_are_shown_as_they_are(
    deployed: Deployed, kind: str, values: list[object], texts: list[str], file_format: FileFormat
) -> None:
    """What no number is, the sign of zero, and the first and last days, in every format."""
    column = Column(name="v", source="v", type=ColumnType.parse(kind))
    rows = pa.table({"v": pa.array([*values, None], arrow_schema([column]).field(0).type)})
    lake = declared_lake(deployed, rows, (column,), file_format)
    lake.rows(f"CREATE VIEW v AS SELECT {view_expression(column, file_format)} AS v FROM t")
    assert types_of(lake) == [kind]
    assert [text for (text,) in lake.rows("SELECT v FROM v")] == [*texts, None]


@pytest.mark.parametrize("file_format", list(ENCODERS))
def test_every_type_is_shown_as_itself(deployed: Deployed, file_format: FileFormat) -> None:
    """A value of each type comes out of the view as it went into the file, in the type it has."""
    assert view_of(lake_of(deployed, file_format), file_format) == (TYPES, TEXTS)


def test_a_type_that_a_crawler_guessed_is_not_seen_in_the_view(deployed: Deployed) -> None:
    """A boolean that the table takes for text is a boolean to a reader."""
    (number,) = [n for n, column in enumerate(COLUMNS) if str(column.type) == "boolean"]
    lake = lake_of(deployed, FileFormat.JSON, {f"c{number}": "string"})
    assert view_of(lake, FileFormat.JSON) == (TYPES, TEXTS)


@pytest.mark.parametrize("file_format", list(ENCODERS))
def test_nulls_and_awkward_texts_are_shown_as_they_are(deployed: Deployed, file_format: FileFormat) -> None:
    """What means something to a format means nothing inside a value, and null is not empty."""
    columns = tuple(
        Column(name=name, source=name, type=ColumnType.parse(kind))
        for name, kind in {"id": "string", "text": "string", "tags": "array<string>", "7th": "json"}.items()
    )
    rows = [
        ("0", None, None, None),
        ("1", "", [], '"'),
        *((text, text, [text, ""], text) for text in AWKWARD),
    ]
    table = pa.Table.from_pylist(
        [dict(zip(("id", "text", "tags", "7th"), row, strict=True)) for row in rows],
        schema=arrow_schema(columns),
    )
    lake = declared_lake(deployed, table, columns, file_format)
    shown = ", ".join(f'{view_expression(column, file_format)} AS "{column.name}"' for column in columns)
    lake.rows(f"CREATE VIEW v AS SELECT {shown} FROM t")
    found = lake.rows('SELECT id, text, tags[1], tags[2], cardinality(tags), "7th" FROM v')
    assert found[:2] == [("0", None, None, None, None, None), ("1", "", None, None, "0", '"')]
    assert found[2:] == [(text, text, text, "", "2", text) for text in AWKWARD]
