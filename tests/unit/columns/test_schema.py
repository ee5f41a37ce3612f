"""Columns of many files: their engines' types, their union, and rows cast to it."""

import math
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.schema import (
    Column,
    ColumnType,
    arrow_schema,
    cast,
    fingerprint,
    hive_type,
    table_column,
    trino_type,
    unify,
    view_expression,
    widen,
)
from lakeshot.files import FileFormat
from lakeshot.files.formats import ENCODERS
from tests.unit.columns.any_type import TYPES

DECIMALS = pa.decimal128(38, 18)


def column(source: str, type_text: str, name: str | None = None) -> Column:
    return Column(name=name or source, source=source, type=ColumnType.parse(type_text))


ENGINES = pytest.mark.parametrize(
    ("type_text", "parquet", "json", "view"),
    [
        ("null", "string", "string", "varchar"),
        ("bigint", "bigint", "bigint", "bigint"),
        ("decimal(38,18)", "decimal(38,18)", "string", "decimal(38,18)"),
        ("decimal(10,2)", "decimal(10,2)", "string", "decimal(10,2)"),
        ("number_text", "string", "string", "varchar"),
        ("double", "double", "string", "double"),
        ("real", "float", "string", "real"),
        ("date", "date", "string", "date"),
        ("date_text", "string", "string", "varchar"),
        ("timestamp(6)", "string", "string", "timestamp(6)"),
        ("timestamp_text", "string", "string", "varchar"),
        ("string", "string", "string", "varchar"),
        ("boolean", "boolean", "boolean", "boolean"),
        ("binary", "binary", "string", "varbinary"),
        ("json", "string", "string", "varchar"),
        ("array<bigint>", "array<bigint>", "array<bigint>", "array(bigint)"),
        ("array<decimal(38,18)>", "array<decimal(38,18)>", "array<string>", "array(decimal(38,18))"),
        ("array<number_text>", "array<string>", "array<string>", "array(varchar)"),
        ("array<string>", "array<string>", "array<string>", "array(varchar)"),
        ("array<binary>", "array<binary>", "array<string>", "array(varbinary)"),
    ],
)


@ENGINES
def test_engines_names_of_each_type(type_text: str, parquet: str, json: str, view: str) -> None:
    """Glue and Athena call each type what docs/types.md says."""
    column_type = ColumnType.parse(type_text)
    assert {file_format.value: hive_type(column_type, file_format) for file_format in ENCODERS} == {
        "parquet": parquet,
        "orc": parquet,
        "avro": parquet,
        "json": json,
        "csv": "string",
    }
    assert trino_type(column_type) == view


@pytest.mark.parametrize(
    ("type_text", "expression"),
    [
        ("string", 'CAST("a ""b""" AS varchar)'),
        ("bigint", 'CAST("a ""b""" AS bigint)'),
        ("decimal(38,18)", 'CAST("a ""b""" AS decimal(38,18))'),
        ("binary", 'from_base64("a ""b""")'),
        ("double", 'CAST("a ""b""" AS double)'),
        ("real", 'CAST("a ""b""" AS real)'),
        ("date", 'CAST("a ""b""" AS date)'),
        ("timestamp(6)", 'CAST("a ""b""" AS timestamp(6))'),
        ("timestamp_text", 'CAST("a ""b""" AS varchar)'),
        ("array<bigint>", 'CAST("a ""b""" AS array(bigint))'),
        ("array<decimal(38,18)>", 'transform("a ""b""", element -> CAST(element AS decimal(38,18)))'),
        ("array<binary>", 'transform("a ""b""", element -> from_base64(element))'),
    ],
)
def test_the_view_makes_values_of_json_lines_text(type_text: str, expression: str) -> None:
    """Over JSON lines the view converts what is text there; everywhere it states each column's type."""
    quoted = column('a "b"', type_text)
    assert view_expression(quoted, FileFormat.JSON) == expression
    parquet = f'CAST("a ""b""" AS {trino_type(quoted.type)})'
    assert view_expression(quoted, FileFormat.PARQUET) == parquet


@pytest.mark.parametrize(
    ("type_text", "expression"),
    [
        ("string", 'url_decode("a")'),
        ("json", 'url_decode("a")'),
        ("null", 'url_decode("a")'),
        ("number_text", 'CAST("a" AS varchar)'),
        ("bigint", 'CAST("a" AS bigint)'),
        ("decimal(38,18)", 'CAST("a" AS decimal(38,18))'),
        ("decimal(38,38)", 'CAST("a" AS decimal(38,38))'),
        ("double", 'CAST("a" AS double)'),
        ("real", 'CAST("a" AS real)'),
        ("date", 'CAST("a" AS date)'),
        ("date_text", 'url_decode("a")'),
        ("timestamp(6)", 'CAST("a" AS timestamp(6))'),
        ("timestamp_text", 'url_decode("a")'),
        ("boolean", 'CAST("a" AS boolean)'),
        ("binary", 'from_base64("a")'),
        ("array<string>", 'CAST(json_parse(url_decode("a")) AS array(varchar))'),
        ("array<bigint>", 'CAST(json_parse(url_decode("a")) AS array(bigint))'),
        (
            "array<decimal(38,18)>",
            (
                'transform(CAST(json_parse(url_decode("a")) AS array(varchar)), '
                "element -> CAST(element AS decimal(38,18)))"
            ),
        ),
        (
            "array<binary>",
            'transform(CAST(json_parse(url_decode("a")) AS array(varchar)), element -> from_base64(element))',
        ),
    ],
)
def test_the_view_makes_values_of_csv(type_text: str, expression: str) -> None:
    """Texts are decoded, arrays parsed, everything has its type."""
    assert view_expression(column("a", type_text), FileFormat.CSV) == expression


@pytest.mark.parametrize(
    ("name", "in_avro"), [("a1", "a1"), ("1st", "_1st"), ("_1st", "__1st"), ("_a", "_a"), ("_", "_")]
)
def test_names_in_avro_begin_with_no_digit(name: str, in_avro: str) -> None:
    """The others keep their names, and no two become one; the view shows the column's own."""
    assert table_column(name, FileFormat.AVRO) == in_avro
    assert table_column(name, FileFormat.ORC) == name
    assert view_expression(column(name, "bigint"), FileFormat.AVRO) == f'CAST("{in_avro}" AS bigint)'


def test_the_arrow_schema_of_columns() -> None:
    """Arrow fields carry the columns' names, in order; text of any kind is a string."""
    expected = {
        "array<decimal(38,18)>": pa.list_(DECIMALS),
        "decimal(10,2)": pa.decimal128(10, 2),
        "null": pa.string(),
        "number_text": pa.string(),
        "double": pa.float64(),
        "real": pa.float32(),
        "date": pa.date32(),
        "date_text": pa.string(),
        "timestamp(6)": pa.string(),
        "timestamp_text": pa.string(),
    }
    columns = [column(f"A{number}", kind, f"a{number}") for number, kind in enumerate(expected)]
    assert arrow_schema(columns) == pa.schema([(f"a{n}", kind) for n, kind in enumerate(expected.values())])


def test_unified_columns_hold_the_rows_of_all_files() -> None:
    """Types widen per attribute, names are given anew over all, keys come first and the rest sorted."""
    first = (column("Id", "bigint", "id"), column("key", "string"), column("a", "null"))
    second = (column("Id", "decimal(38,18)", "id"), column("id", "string"), column("key", "string"))
    assert unify([first, second], first=["key"]) == (
        column("key", "string"),
        column("Id", "decimal(38,18)", "id_12156e"),
        column("a", "null"),
        column("id", "string"),
    )


def test_published_columns_keep_their_places() -> None:
    """They come first, in their order; new ones follow sorted, the keys before the rest."""
    published = [column("z", "string"), column("b", "bigint")]
    met = [column(name, "bigint") for name in ("a", "b", "key", "Zz")]
    unified = unify([published, met], first=["key"], published=published)
    assert [one.source for one in unified] == ["z", "b", "key", "Zz", "a"]


def test_published_columns_keep_their_names() -> None:
    """A new attribute gets another name, also one that the published column would have lost without."""
    published = [column("Id", "bigint", "id")]
    assert unify([published, [column("id", "string")]], published=published) == (
        column("Id", "bigint", "id"),
        column("id", "string", "id_a56145"),
    )


SNAPSHOT = st.dictionaries(st.sampled_from(["Id", "id", "ID", "a.b", "a_b"]), TYPES)


@given(st.lists(SNAPSHOT, min_size=2, max_size=5))
def test_columns_never_flip_back(snapshots: list[dict[str, ColumnType]]) -> None:
    """From snapshot to snapshot no attribute is lost, renamed, or of a type that holds less."""
    known: tuple[Column, ...] = ()
    for met in snapshots:
        file = tuple(Column(name=source.lower(), source=source, type=kind) for source, kind in met.items())
        columns = unify([known, file], published=known)
        after = {column.source: column for column in columns}
        assert [one.source for one in columns[: len(known)]] == [one.source for one in known]
        for column in known:
            assert after[column.source].name == column.name
            assert widen(column.type, after[column.source].type) == after[column.source].type
        assert all(widen(kind, after[source].type) == after[source].type for source, kind in met.items())
        known = columns


def test_no_files_unify_to_no_columns() -> None:
    """The snapshot of an empty table has no columns, its keys included."""
    assert unify([], first=["key"]) == ()


CASTS = [
    ("null", "array<bigint>", [None, None], [None, None]),
    ("bigint", "decimal(38,18)", [-(2**63), None], [Decimal(-(2**63)), None]),
    ("bigint", "number_text", [10, None], ["10", None]),
    ("bigint", "json", [10, None], ["10", None]),
    (
        "decimal(38,18)",
        "number_text",
        [
            Decimal("1E-18"),
            Decimal("-0.00000012"),
            Decimal(0),
            Decimal("100.50"),
            Decimal("-99999999999999999999"),
            None,
        ],
        ["0.000000000000000001", "-0.00000012", "0", "100.5", "-99999999999999999999", None],
    ),
    ("decimal(38,18)", "json", [Decimal("-2.50")], ["-2.5"]),
    ("bigint", "decimal(21,2)", [-(2**63), None], [Decimal(-(2**63)), None]),
    ("decimal(4,2)", "decimal(6,3)", [Decimal("99.99"), None], [Decimal("99.99"), None]),
    ("decimal(3,0)", "number_text", [Decimal(100), Decimal(0), None], ["100", "0", None]),
    (
        "decimal(38,38)",
        "number_text",
        [Decimal("1E-38"), Decimal("-0.0000001"), Decimal("0"), Decimal("-0.5"), None],
        ["0.00000000000000000000000000000000000001", "-0.0000001", "0", "-0.5", None],
    ),
    ("decimal(38,38)", "json", [Decimal("-1E-38")], ["-0.00000000000000000000000000000000000001"]),
    ("real", "double", [0.10000000149011612, math.inf, None], [0.10000000149011612, math.inf, None]),
    (
        "double",
        "json",
        [0.1, -0.0, 1e20, 5e-324, math.nan, math.inf, -math.inf, None],
        ["0.1", "-0", "1e+20", "5e-324", '"NaN"', '"Infinity"', '"-Infinity"', None],
    ),
    ("real", "json", [0.10000000149011612, math.nan, None], ["0.1", '"NaN"', None]),
    ("date", "date_text", [date.min, date.max, None], ["0001-01-01", "9999-12-31", None]),
    ("date", "json", [date(2026, 11, 22), None], ['"2026-11-22"', None]),
    ("date_text", "json", ["infinity", None], ['"infinity"', None]),
    ("timestamp(6)", "timestamp_text", ["2026-11-22 09:05:00.25", None], ["2026-11-22 09:05:00.25", None]),
    ("timestamp(6)", "json", ["2026-11-22 09:05:00", None], ['"2026-11-22 09:05:00"', None]),
    ("timestamp_text", "json", ["-infinity", None], ['"-infinity"', None]),
    ("array<decimal(4,2)>", "array<decimal(6,3)>", [[Decimal("1.5")], []], [[Decimal("1.5")], []]),
    (
        "number_text",
        "json",
        ["1E-130", ".5", "NaN", "-Infinity", None],
        ["1E-130", '{"N":".5"}', '"NaN"', '"-Infinity"', None],
    ),
    ("string", "json", ['a"', None], ['"a\\""', None]),
    ("boolean", "json", [True, False], ["true", "false"]),
    ("binary", "json", [b"\x00\x01", None], ['{"B":"AAE="}', None]),
    ("array<bigint>", "array<decimal(38,18)>", [[1, 2], None, []], [[Decimal(1), Decimal(2)], None, []]),
    ("array<bigint>", "array<number_text>", [[1, 2], None], [["1", "2"], None]),
    ("array<decimal(38,18)>", "array<number_text>", [[Decimal("1.50")]], [["1.5"]]),
    ("array<bigint>", "json", [[1, 2], None], ['{"NS":["1","2"]}', None]),
    ("array<decimal(38,18)>", "json", [[Decimal("0.50")]], ['{"NS":["0.5"]}']),
    ("array<number_text>", "json", [["1E-130"]], ['{"NS":["1E-130"]}']),
    ("array<string>", "json", [["a", 'b"']], ['{"SS":["a","b\\""]}']),
    ("array<binary>", "json", [[b"\x00\x01", b""]], ['{"BS":["AAE=",""]}']),
]


@pytest.mark.parametrize(
    ("given", "wanted", "values", "expected"), CASTS, ids=[f"{g} to {w}" for g, w, _, _ in CASTS]
)
def test_values_widen_without_loss(
    given: str, wanted: str, values: list[object], expected: list[object]
) -> None:
    """Each widening of the lattice keeps every value, in arrays of several chunks and slices too."""
    before, after = [column("a", given)], [column("a", wanted)]
    table = pa.table(
        [pa.array([None, *values], arrow_schema(before).field(0).type)], schema=arrow_schema(before)
    )
    chunks = pa.concat_tables([table.slice(1), table.slice(1, 1)])
    wider = cast(chunks, before, after)
    assert wider.schema == arrow_schema(after)
    assert wider.column("a").to_pylist() == [*expected, expected[0]]


def test_rows_are_cast_by_attribute() -> None:
    """A file's columns find their place by attribute, whatever they are called in either."""
    before = [column("Id", "bigint", "id")]
    after = [column("Id", "number_text", "id_12156e"), column("id", "string")]
    wider = cast(pa.table({"id": [7]}), before, after)
    assert wider.to_pylist() == [{"id_12156e": "7", "id": None}]


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ([column("b", "string")], r"the target columns lack \['a'\]"),
        ([column("a", "bigint")], "cannot cast string to bigint without loss; widen to json"),
    ],
)
def test_a_cast_that_would_lose_something_is_refused(after: list[Column], reason: str) -> None:
    """Neither an attribute nor a value's exactness is dropped on the way."""
    with pytest.raises(ValueError, match=reason):
        cast(pa.table({"a": ["x"]}), [column("a", "string")], after)


def test_fingerprints_tell_columns_apart() -> None:
    """Equal columns have one fingerprint; another type, name, source or order has another."""
    columns = [column("a", "string"), column("b", "bigint")]
    others = [
        [column("a", "json"), column("b", "bigint")],
        [column("a", "string", "z"), column("b", "bigint")],
        [column("z", "string", "a"), column("b", "bigint")],
        columns[::-1],
        [],
    ]
    assert fingerprint(columns) == "8c383c6cdb8b796d87566d3b19e6cc105c44e73126a665cdd9b5d4ffc853ddcf"
    assert len({fingerprint(each) for each in [columns, *others]}) == 6
