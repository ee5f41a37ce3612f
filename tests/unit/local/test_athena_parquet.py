"""Parquet is read only through what the catalog declares."""

from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256

import pyarrow as pa
import pytest

from local.athena.errors import QueryError
from tests.unit.local.lake_in_memory import Lake


def test_only_registered_partitions_are_read(lake: Lake) -> None:
    """Files below a table are invisible until their partition is registered."""
    lake.declare("t", {"id": "string"}, keys={"snapshot_timestamp": "string"})
    for value in ("1", "2"):
        lake.store.put_parquet(f"t/snapshot_timestamp={value}/a.parquet", {"id": [value]})
    assert lake.rows("SELECT * FROM t") == []
    lake.register("t", "2")
    assert lake.rows("SELECT * FROM t") == [("2", "2")]


def test_a_partition_lives_where_it_says(lake: Lake) -> None:
    """A registered location decides, not the folder that the value would name."""
    lake.declare("t", {"id": "string"}, keys={"snapshot_timestamp": "string"})
    lake.store.put_parquet("t/snapshot_timestamp=1/a.parquet", {"id": ["by folder"]})
    lake.store.put_parquet("elsewhere/a.parquet", {"id": ["by location"]})
    lake.rows("ALTER TABLE t ADD PARTITION (snapshot_timestamp='1') LOCATION 's3://lake/elsewhere/'")
    assert lake.rows("SELECT id FROM t") == [("by location",)]


def test_partitions_of_several_keys_are_read_one_by_one(lake: Lake) -> None:
    """Only where all values are registered; Hive's text for null is null, whatever the key's type."""
    lake.declare(
        "t", {"id": "string"}, keys={"snapshot_timestamp": "string", "n": "bigint", "kind": "string"}
    )
    for number, kind in (
        ("1", "a"),
        ("1", "b"),
        ("__HIVE_DEFAULT_PARTITION__", "__HIVE_DEFAULT_PARTITION__"),
    ):
        lake.store.put_parquet(f"t/snapshot_timestamp=1/n={number}/kind={kind}/a.parquet", {"id": [kind]})
    for number, kind in (("1", "b"), ("__HIVE_DEFAULT_PARTITION__", "__HIVE_DEFAULT_PARTITION__")):
        lake.rows(f"ALTER TABLE t ADD PARTITION (snapshot_timestamp='1', n='{number}', kind='{kind}')")
    assert lake.rows("SELECT n, kind FROM t WHERE snapshot_timestamp = '1' ORDER BY id DESC") == [
        ("1", "b"),
        (None, None),
    ]
    assert lake.rows("SELECT id FROM t WHERE kind IS NULL") == [("__HIVE_DEFAULT_PARTITION__",)]


def test_a_key_is_no_column_of_the_files(lake: Lake) -> None:
    """A table that declares it as both cannot be read."""
    lake.declare("t", {"id": "string", "Kind": "string"}, keys={"kind": "string"})
    with pytest.raises(QueryError, match=r"HIVE_INVALID_METADATA: .* contains duplicate columns"):
        lake.rows("SELECT id FROM t")


@pytest.mark.parametrize("name", ["_SUCCESS", ".hidden.parquet", "_temporary/a.parquet"])
def test_hidden_objects_are_ignored(lake: Lake, name: str) -> None:
    """Names that start with an underscore or a dot are no data."""
    lake.declare("t", {"id": "string"})
    lake.store.put_parquet("t/a.parquet", {"id": ["seen"]})
    lake.store.objects[f"t/{name}"] = b"not parquet"
    assert lake.rows("SELECT id FROM t") == [("seen",)]


def test_columns_are_found_by_name_whatever_their_case_and_order(lake: Lake) -> None:
    """A file's ``Rating`` is the declared ``rating``, wherever it stands."""
    lake.declare("t", {"id": "string", "rating": "bigint"})
    lake.store.put_parquet("t/a.parquet", {"Rating": [5], "extra": [1], "ID": ["a"]})
    assert lake.rows("SELECT * FROM t") == [("a", "5")]


def test_a_column_the_file_lacks_is_null(lake: Lake) -> None:
    """Declared and absent means null."""
    lake.declare("t", {"id": "string", "rating": "bigint"})
    lake.store.put_parquet("t/a.parquet", {"id": ["a"]})
    assert lake.rows("SELECT id, rating FROM t") == [("a", None)]


@pytest.mark.parametrize(
    ("declared", "values", "physical"),
    [
        ("string", pa.array([1]), "INT64"),
        ("bigint", pa.array(["1"]), "BYTE_ARRAY"),
        ("int", pa.array([1]), "INT64"),
        ("double", pa.array([1]), "INT64"),
        ("bigint", pa.array([1.0]), "DOUBLE"),
        ("boolean", pa.array([1]), "INT64"),
        ("decimal(38,18)", pa.array([Decimal("1.5")], pa.decimal128(38, 2)), "FIXED_LEN_BYTE_ARRAY"),
        ("array<string>", pa.array(["a"]), "BYTE_ARRAY"),
        ("array<bigint>", pa.array([["a"]]), "BYTE_ARRAY"),
        ("timestamp", pa.array([1]), "INT64"),
        ("string", pa.array([0.5]), "DOUBLE"),
        ("float", pa.array([0.5]), "DOUBLE"),
        ("double", pa.array(["0.5"]), "BYTE_ARRAY"),
        ("string", pa.array([date(2026, 11, 22)]), "INT32"),
        ("timestamp", pa.array([date(2026, 11, 22)]), "INT32"),
        ("date", pa.array(["2026-11-22"]), "BYTE_ARRAY"),
        ("decimal(10,2)", pa.array([Decimal("1.5")], pa.decimal128(12, 2)), "FIXED_LEN_BYTE_ARRAY"),
    ],
)
def test_a_wrong_declaration_fails(lake: Lake, declared: str, values: pa.Array, physical: str) -> None:
    """A file whose physical type disagrees with the catalog fails the query, by file and column."""
    lake.declare("t", {"rating": declared})
    lake.store.put_parquet("t/a.parquet", pa.table({"rating": values}))
    with pytest.raises(QueryError) as failure:
        lake.rows("SELECT rating FROM t")
    assert str(failure.value) == (
        f"HIVE_BAD_DATA: Field rating's type {physical} in parquet file s3://lake/t/a.parquet is "
        f"incompatible with type {declared} defined in table schema"
    )


def test_integers_and_floats_may_be_declared_wider(lake: Lake) -> None:
    """int32 reads as bigint, float as double, a short decimal as a longer one of its scale."""
    lake.declare("t", {"n": "bigint", "d": "double", "x": "decimal(38,2)"})
    narrow = {
        "n": pa.array([7], pa.int32()),
        "d": pa.array([0.5], pa.float32()),
        "x": pa.array([Decimal("1.25")], pa.decimal128(5, 2)),
    }
    lake.store.put_parquet("t/a.parquet", pa.table(narrow))
    assert lake.rows("SELECT * FROM t") == [("7", "0.5", "1.25")]


def test_a_broken_file_fails_even_a_count(lake: Lake) -> None:
    """Bytes that are no Parquet are HIVE_BAD_DATA with the file's name."""
    lake.declare("t", {"id": "string"})
    lake.store.put_parquet("t/a.parquet", {"id": ["a"]})
    lake.store.objects["t/a.parquet"] = lake.store.objects["t/a.parquet"][:-10]
    with pytest.raises(QueryError, match=r"HIVE_BAD_DATA: Malformed Parquet file s3://lake/t/a\.parquet"):
        lake.rows("SELECT count(*) FROM t")


def test_a_damaged_page_fails_the_read(lake: Lake) -> None:
    """A footer in order does not excuse data that cannot be decoded."""
    lake.declare("t", {"id": "string"})
    lake.store.put_parquet("t/a.parquet", {"id": [f"value {i}" for i in range(1000)]})
    body = bytearray(lake.store.objects["t/a.parquet"])
    body[4:200] = b"\xff" * 196
    lake.store.objects["t/a.parquet"] = bytes(body)
    with pytest.raises(QueryError, match=r"HIVE_BAD_DATA: Malformed Parquet file s3://lake/t/a\.parquet"):
        lake.rows("SELECT id FROM t")


def test_a_partition_with_its_own_types_must_fit_the_table(lake: Lake) -> None:
    """Partition and table disagree: HIVE_PARTITION_SCHEMA_MISMATCH names table, partition and column."""
    lake.declare("t", {"rating": "bigint"}, keys={"snapshot_timestamp": "string"})
    lake.store.put_parquet("t/snapshot_timestamp=1/a.parquet", {"rating": ["5"]})
    lake.register("t", "1", columns={"rating": "string"})
    with pytest.raises(QueryError) as failure:
        lake.rows("SELECT rating FROM t")
    assert str(failure.value) == (
        "HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition schemas. The "
        "types are incompatible and cannot be coerced. The column 'rating' in table 'lakeshot.t' is declared "
        "as type 'bigint', but partition 'snapshot_timestamp=1' declared column 'rating' as type 'string'."
    )


def test_an_older_partition_may_lack_columns_and_be_narrower(lake: Lake) -> None:
    """Columns added later are null in older partitions, and int widens to bigint."""
    lake.declare("t", {"rating": "bigint", "text": "string"}, keys={"snapshot_timestamp": "string"})
    narrow = pa.table({"rating": pa.array([5], pa.int32())})
    lake.store.put_parquet("t/snapshot_timestamp=1/a.parquet", narrow)
    lake.register("t", "1", columns={"rating": "int"})
    assert lake.rows("SELECT rating, text FROM t") == [("5", None)]


def test_only_needed_columns_and_partitions_are_fetched(lake: Lake) -> None:
    """DataScannedInBytes falls with the columns selected and with the partitions pruned."""
    lake.declare("t", {"id": "string", "text": "string"}, keys={"snapshot_timestamp": "string"})
    for value in ("1", "2"):
        columns = {
            "id": ["a"],
            "text": ["".join(sha256(bytes([i % 256, i // 256])).hexdigest() for i in range(4000))],
        }
        lake.store.put_parquet(f"t/snapshot_timestamp={value}/a.parquet", columns)
        lake.register("t", value)
    everything = lake.run("SELECT * FROM t").scanned_bytes
    one_column = lake.run("SELECT id FROM t").scanned_bytes
    one_partition = lake.run("SELECT id FROM t WHERE snapshot_timestamp = '1'").scanned_bytes
    assert everything > 2 * one_column
    assert one_partition * 2 == one_column


def test_every_type_arrives(lake: Lake) -> None:
    """Each Hive type is read and written as Athena prints it."""
    values = {
        "b": (pa.array([True]), "boolean", "true"),
        "i": (pa.array([2], pa.int32()), "int", "2"),
        "n": (pa.array([2**63 - 1]), "bigint", "9223372036854775807"),
        "f": (pa.array([0.1], pa.float32()), "float", "0.1"),
        "e": (pa.array([[0.1]], pa.list_(pa.float32())), "array<float>", "[0.1]"),
        "c": (pa.array([date(1, 1, 1)]), "date", "0001-01-01"),
        "d": (pa.array([1e10]), "double", "1.0E10"),
        "x": (pa.array([Decimal("1.5")], pa.decimal128(38, 18)), "decimal(38,18)", "1.500000000000000000"),
        "s": (pa.array(['say "hi", you']), "string", 'say "hi", you'),
        "y": (pa.array([b"\x00\xff"]), "binary", "00 ff"),
        "t": (pa.array([datetime(2026, 11, 21, 23, 26, 5)]), "timestamp", "2026-11-21 23:26:05.000"),  # noqa: DTZ001
        "a": (pa.array([["p", None]]), "array<string>", "[p, null]"),
        "r": (
            pa.array([{"k": 1, "l": ["q"]}]),
            "struct<k:bigint,l:array<string>>",
            "{k=1, l=[q]}",
        ),
        "m": (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), "map<string,bigint>", "{k=1}"),
    }
    lake.declare("t", {name: declared for name, (_, declared, _) in values.items()})
    lake.store.put_parquet("t/a.parquet", pa.table({name: array for name, (array, _, _) in values.items()}))
    assert lake.rows("SELECT * FROM t") == [tuple(text for _, _, text in values.values())]
