"""ORC, Avro and delimited lines are read only through what the catalog declares."""

import gzip
import io
import json
from datetime import date
from decimal import Decimal

import fastavro
import pyarrow as pa
import pytest
from pyarrow import orc

from local.athena.avro_files import AVRO
from local.athena.delimited_files import LAZY_SIMPLE
from local.athena.errors import QueryError
from local.athena.orc_files import ORC
from tests.unit.local.lake_in_memory import Lake

BY_NAME = {"orc.column.index.access": "false"}
COMMA = {"field.delim": ","}
Field = tuple[str, object]


def put_orc(lake: Lake, columns: dict[str, object] | pa.Table, key: str = "t/a.orc") -> None:
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    body = io.BytesIO()
    orc.write_table(table, body)
    lake.store.objects[key] = body.getvalue()


def schema(*fields: Field) -> dict[str, object]:
    """An Avro schema whose fields may all be null."""
    named = [{"name": name, "type": ["null", kind], "default": None} for name, kind in fields]
    return {"type": "record", "name": "row", "fields": named}


def put_avro(lake: Lake, *rows: dict[str, object], fields: tuple[Field, ...], key: str = "t/a.avro") -> None:
    body = io.BytesIO()
    fastavro.writer(body, fastavro.parse_schema(schema(*fields)), rows)
    lake.store.objects[key] = body.getvalue()


def literal(*fields: Field) -> dict[str, str]:
    return {"avro.schema.literal": json.dumps(schema(*fields))}


def test_orc_columns_are_found_by_position_unless_the_serde_says_otherwise(lake: Lake) -> None:
    """Athena's default for ORC; a file in another order is read wrongly, or fails for its types."""
    put_orc(lake, {"b": ["in b"], "a": ["in a"]})
    lake.declare("t", {"a": "string", "b": "string"}, serde=ORC)
    assert lake.rows("SELECT a, b FROM t") == [("in b", "in a")]
    lake.declare("named", {"a": "string", "c": "bigint", "b": "string"}, serde=ORC, parameters=BY_NAME)
    lake.store.objects["named/a.orc"] = lake.store.objects["t/a.orc"]
    assert lake.rows("SELECT a, b, c FROM named") == [("in a", "in b", None)]
    assert lake.rows("SELECT count(*) FROM named") == [("1",)]


@pytest.mark.parametrize(
    ("declared", "values"),
    [
        ("string", pa.array([1])),
        ("bigint", pa.array(["1"])),
        ("array<bigint>", pa.array([["a"]])),
        ("decimal(38,18)", pa.array([Decimal("1.5")], pa.decimal128(38, 2))),
        ("float", pa.array([0.5])),
        ("string", pa.array([0.5], pa.float32())),
        ("string", pa.array([date(2026, 11, 22)])),
        ("date", pa.array(["2026-11-22"])),
    ],
)
def test_a_wrong_declaration_of_orc_fails(lake: Lake, declared: str, values: pa.Array) -> None:
    """By column and file."""
    lake.declare("t", {"rating": declared}, serde=ORC, parameters=BY_NAME)
    put_orc(lake, pa.table({"rating": values}))
    with pytest.raises(
        QueryError, match=r"HIVE_BAD_DATA: .*column rating from ORC stream.*s3://lake/t/a\.orc"
    ):
        lake.rows("SELECT rating FROM t")


@pytest.mark.parametrize("query", ["SELECT id FROM t", "SELECT count(*) FROM t"])
@pytest.mark.parametrize(("serde", "name"), [(ORC, "ORC"), (AVRO, "Avro")])
def test_a_broken_file_fails_even_a_count(lake: Lake, serde: str, name: str, query: str) -> None:
    """Bytes that are something else are HIVE_BAD_DATA with the file's name."""
    lake.declare("t", {"id": "string"}, serde=serde, parameters={**BY_NAME, **literal(("id", "string"))})
    lake.store.objects["t/a"] = b"neither the one nor the other"
    with pytest.raises(QueryError, match=f"HIVE_BAD_DATA: Malformed {name} file s3://lake/t/a"):
        lake.rows(query)


def test_avro_is_read_by_the_schema_of_the_serde(lake: Lake) -> None:
    """Fields by name in lower case; one that the file lacks has its default."""
    fields: tuple[Field, ...] = (("ID", "string"), ("n", "long"))
    lake.declare(
        "t",
        {"n": "bigint", "id": "string", "new": "string"},
        serde=AVRO,
        parameters=literal(*fields, ("new", "string")),
    )
    put_avro(lake, {"ID": "a", "n": 7}, {"ID": None, "n": None}, fields=fields)
    assert lake.rows("SELECT n, id, new FROM t") == [("7", "a", None), (None, None, None)]
    assert lake.rows("SELECT count(*) FROM t") == [("2",)]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "HIVE_INVALID_METADATA: avro.schema.literal is no Avro record schema"),
        (
            {"avro.schema.url": "s3://lake/schema.avsc"},
            "HIVE_INVALID_METADATA: avro.schema.url is not supported",
        ),
        (literal(("7th", "string")), "HIVE_INVALID_METADATA: Illegal character in the Avro name: 7th"),
        (literal(("other", "string")), "HIVE_BAD_DATA: Unable to find column id in table Avro schema row"),
        (
            literal(("id", "long")),
            "HIVE_BAD_DATA: column id is declared as string, but the table's Avro schema",
        ),
        (
            literal(("id", {"type": "int", "logicalType": "date"})),
            "HIVE_BAD_DATA: column id is declared as string, but the table's Avro schema",
        ),
        (
            literal(("id", "bytes")),
            "HIVE_BAD_DATA: column id is declared as string, but the table's Avro schema",
        ),
    ],
)
def test_a_wrong_schema_of_avro_fails(lake: Lake, parameters: dict[str, str], message: str) -> None:
    """One that is not there, not allowed, or not the table's."""
    lake.declare("t", {"id": "string"}, serde=AVRO, parameters=parameters)
    put_avro(lake, {"id": "a"}, fields=(("id", "string"),))
    with pytest.raises(QueryError) as failure:
        lake.rows("SELECT id FROM t")
    assert str(failure.value).startswith(message)


def test_types_of_avro_are_those_of_hive(lake: Lake) -> None:
    """A date is an int by another name, a decimal bytes with digits."""
    fields: tuple[Field, ...] = (
        ("d", {"type": "int", "logicalType": "date"}),
        ("x", {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}),
        ("f", "float"),
        ("g", "double"),
    )
    types = {"d": "date", "x": "decimal(10,2)", "f": "float", "g": "double"}
    lake.declare("t", types, serde=AVRO, parameters=literal(*fields))
    row: dict[str, object] = {"d": date(1, 1, 1), "x": Decimal("-1.50"), "f": 0.1, "g": float("nan")}
    put_avro(lake, row, fields=fields)
    assert lake.rows("SELECT d, x, f, g FROM t") == [("0001-01-01", "-1.50", "0.1", "NaN")]
    lake.declare("wrong", {**types, "d": "int"}, serde=AVRO, parameters=literal(*fields))
    lake.store.objects["wrong/a.avro"] = lake.store.objects["t/a.avro"]
    with pytest.raises(QueryError, match="column d is declared as int, but the table's Avro schema says"):
        lake.rows("SELECT d FROM wrong")


def test_avro_of_another_type_than_the_schema_fails(lake: Lake) -> None:
    """Text is not read as a number."""
    lake.declare("t", {"id": "bigint"}, serde=AVRO, parameters=literal(("id", "long")))
    put_avro(lake, {"id": "a"}, fields=(("id", "string"),))
    with pytest.raises(QueryError, match="HIVE_BAD_DATA: Malformed Avro file"):
        lake.rows("SELECT id FROM t")


def test_delimited_fields_are_columns_by_position(lake: Lake) -> None:
    """One text is null and an empty one is not; too few fields are nulls, too many are passed over."""
    lake.declare("t", {"a": "string", "n": "bigint", "b": "boolean"}, serde=LAZY_SIMPLE, parameters=COMMA)
    lake.store.objects["t/a.csv"] = b'"x",7,true\n,\\N,FALSE,more\nonly\n'
    assert lake.rows("SELECT a, n, b FROM t") == [
        ('"x"', "7", "true"),
        ("", None, "false"),
        ("only", None, None),
    ]
    assert lake.rows("SELECT b FROM t WHERE a = ''") == [("false",)]
    assert lake.rows("SELECT count(*) FROM t") == [("3",)]


def test_delimited_lines_may_be_compressed_and_have_another_null(lake: Lake) -> None:
    """By the name's ending, and by the SerDe's parameters."""
    parameters = {"field.delim": "|", "serialization.null.format": "-"}
    lake.declare("t", {"a": "string", "b": "string"}, serde=LAZY_SIMPLE, parameters=parameters)
    lake.store.objects["t/a.csv.gz"] = gzip.compress(b"x|-\r\n\\N|y\r\n")
    lake.store.objects["t/b.csv.zst"] = pa.compress(b"z|\n", codec="zstd", asbytes=True)
    assert lake.rows("SELECT a, b FROM t") == [("x", None), ("\\N", "y"), ("z", "")]


def test_a_wrong_delimiter_is_not_noticed(lake: Lake) -> None:
    """A whole line lands in the first column, as it does in Athena: only values tell."""
    lake.declare("t", {"a": "string", "b": "string"}, serde=LAZY_SIMPLE)
    lake.store.objects["t/a.csv"] = b"x,y\n"
    assert lake.rows("SELECT a, b FROM t") == [("x,y", None)]


def test_a_number_that_is_none_fails(lake: Lake) -> None:
    """With the column and the file."""
    lake.declare("t", {"a": "string", "n": "bigint"}, serde=LAZY_SIMPLE, parameters=COMMA)
    lake.store.objects["t/a.csv"] = b"x,many\n"
    with pytest.raises(
        QueryError, match=r"HIVE_BAD_DATA: .*'many' for field n, bigint in s3://lake/t/a\.csv"
    ):
        lake.rows("SELECT n FROM t")


@pytest.mark.parametrize("parameters", [COMMA | {"escape.delim": "\\"}, None])
def test_what_is_not_known_here_is_refused(lake: Lake, parameters: dict[str, str] | None) -> None:
    """Escapes, whose meaning is disputed, and arrays."""
    kinds = {"a": "string"} if parameters else {"a": "array<string>"}
    lake.declare("t", kinds, serde=LAZY_SIMPLE, parameters=parameters)
    lake.store.objects["t/a.csv"] = b"x\n"
    with pytest.raises(QueryError, match="HIVE_UNSUPPORTED_FORMAT"):
        lake.rows("SELECT a FROM t")


def test_a_partition_of_lines_is_the_tables_by_position(lake: Lake) -> None:
    """Its columns' names mean nothing: a column that was put between others is read as another."""
    lake.declare(
        "t", {"a": "string", "b": "string"}, serde=LAZY_SIMPLE, parameters=COMMA, keys={"day": "string"}
    )
    lake.store.objects["t/snapshot_timestamp=1/a.csv"] = b"1,2,3\n"
    lake.register("t", "1", columns={"a": "string", "new": "string", "b": "string"})
    assert lake.rows("SELECT a, b FROM t") == [("1", "2")]


@pytest.mark.parametrize(
    ("serde", "parameters", "fails"),
    [
        (ORC, BY_NAME, False),
        (ORC, {}, True),
        (AVRO, literal(("b", "long")), True),
        (LAZY_SIMPLE, COMMA, True),
    ],
)
def test_partitions_are_held_against_the_table(
    lake: Lake, serde: str, parameters: dict[str, str], fails: bool
) -> None:
    """By name for ORC that is read by name; by position for all others."""
    lake.declare(
        "t", {"a": "string", "b": "bigint"}, serde=serde, parameters=parameters, keys={"day": "string"}
    )
    put_orc(lake, {"b": [7]}, "t/snapshot_timestamp=1/a")
    lake.register("t", "1", columns={"b": "bigint"})
    if not fails:
        assert lake.rows("SELECT a, b FROM t") == [(None, "7")]
        return
    with pytest.raises(QueryError, match=r"HIVE_PARTITION_SCHEMA_MISMATCH: .*'a' in table 'lakeshot\.t'"):
        lake.rows("SELECT b FROM t")


@pytest.mark.parametrize(("stored_as", "serde"), [("ORC", ORC), ("AVRO", AVRO)])
def test_ddl_names_formats(lake: Lake, stored_as: str, serde: str) -> None:
    """STORED AS is a SerDe with its input and output formats."""
    lake.rows(f"CREATE EXTERNAL TABLE t (id string) STORED AS {stored_as} LOCATION 's3://lake/t/'")
    storage = lake.catalog.databases["lakeshot"]["t"].storage_descriptor
    assert storage.serde_info.serialization_library == serde
    assert stored_as.lower() in storage.input_format.lower()


def test_a_header_that_the_table_names_is_skipped(lake: Lake) -> None:
    """So that one which is none loses a row."""
    lake.declare("t", {"a": "string"}, serde=LAZY_SIMPLE, parameters=COMMA)
    made = lake.catalog.databases["lakeshot"]["t"]
    lake.catalog.update("lakeshot", made.model_copy(update={"parameters": {"skip.header.line.count": "1"}}))
    lake.store.objects["t/a.csv"] = b"first\nsecond\n"
    assert lake.rows("SELECT a FROM t") == [("second",)]
