"""JSON lines are read by the rules of the SerDe that the catalog names."""

import pytest

from local.athena.errors import QueryError
from local.athena.json_lines import HCATALOG, OPENX
from tests.unit.local.lake_in_memory import Lake


@pytest.mark.parametrize("serde", [OPENX, HCATALOG])
@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_lines_become_rows(lake: Lake, serde: str, name: str) -> None:
    """Both SerDes read plain and gzipped lines; absent keys and nulls are null."""
    lake.declare("t", {"id": "string", "n": "bigint", "d": "double", "tags": "array<string>"}, serde=serde)
    lake.store.put_json(f"t/{name}", {"id": "a", "n": 1, "d": 0.5, "tags": ["x"]}, {"id": None, "extra": {}})
    assert lake.rows("SELECT * FROM t") == [("a", "1", "0.5", "[x]"), (None, None, None, None)]


def test_keys_match_in_lower_case(lake: Lake) -> None:
    """``Id`` in the file is the declared ``id``."""
    lake.declare("t", {"id": "string"}, serde=OPENX)
    lake.store.put_json("t/a.json", {"Id": "a"})
    assert lake.rows("SELECT id FROM t") == [("a",)]


@pytest.mark.parametrize(
    ("declared", "value", "text"),
    [
        ("bigint", "abc", "abc"),
        ("bigint", 1.5, "1.5"),
        ("bigint", 2**63, "9223372036854775808"),
        ("int", 2**31, "2147483648"),
        ("boolean", 1, "1"),
        ("decimal(38,18)", "1E-19", "1E-19"),
        ("decimal(38,2)", "1e40", "1e40"),
        ("array<bigint>", ["x"], "x"),
        ("bigint", {"k": 1}, '{"k": 1}'),
        ("struct<k:bigint>", {"k": "v"}, "v"),
    ],
)
def test_a_value_that_does_not_fit_fails(lake: Lake, declared: str, value: object, text: str) -> None:
    """A value the declared type cannot hold is HIVE_BAD_DATA with value, column, line and file."""
    lake.declare("t", {"id": "string", "v": declared}, serde=OPENX)
    lake.store.put_json("t/a.json", {"id": "fine"}, {"id": "bad", "v": value})
    with pytest.raises(QueryError) as failure:
        lake.rows("SELECT v FROM t")
    message = str(failure.value)
    assert message.startswith(f"HIVE_BAD_DATA: Error parsing field value '{text}' for field 0 (v, ")
    assert message.endswith("in line 2 of s3://lake/t/a.json")


@pytest.mark.parametrize(
    ("declared", "value", "text"),
    [
        ("bigint", "12", "12"),
        ("string", 1.50, "1.5"),
        ("string", True, "true"),
        ("boolean", "TRUE", "true"),
        (
            "decimal(38,18)",
            "12345678901234567890.123456789012345678",
            "12345678901234567890.123456789012345678",
        ),
        ("map<string,bigint>", {"k": 1}, "{k=1}"),
        ("struct<k:string>", {"K": "v"}, "{k=v}"),
        ("timestamp", "2026-11-21 23:26:05.123", "2026-11-21 23:26:05.123"),
    ],
)
def test_what_the_serde_reads_leniently(lake: Lake, declared: str, value: object, text: str) -> None:
    """Numbers written as text are numbers, and anything is text where text is declared."""
    lake.declare("t", {"v": declared}, serde=OPENX)
    lake.store.put_json("t/a.json", {"v": value})
    assert lake.rows("SELECT v FROM t") == [(text,)]


@pytest.mark.parametrize("sql", ["SELECT id FROM t", "SELECT count(*) FROM t"])
def test_a_line_that_is_no_object_fails_the_query(lake: Lake, sql: str) -> None:
    """Broken lines are HIVE_CURSOR_ERROR, counted or read."""
    lake.declare("t", {"id": "string"}, serde=OPENX)
    lake.store.put_json("t/a.json", {"id": "a"}, '{"id": ')
    with pytest.raises(
        QueryError, match=r"HIVE_CURSOR_ERROR: Row is not a valid JSON Object.* line 2 of s3://"
    ):
        lake.rows(sql)


def test_a_cut_gzip_file_fails(lake: Lake) -> None:
    """A truncated .gz is an error, not fewer rows."""
    lake.declare("t", {"id": "string"}, serde=OPENX)
    lake.store.put_json("t/a.json.gz", *({"id": str(i)} for i in range(1000)))
    lake.store.objects["t/a.json.gz"] = lake.store.objects["t/a.json.gz"][:-20]
    with pytest.raises(QueryError, match=r"HIVE_CURSOR_ERROR: .* s3://lake/t/a\.json\.gz"):
        lake.rows("SELECT count(*) FROM t")


def test_partition_types_are_compared_by_position(lake: Lake) -> None:
    """For JSON, a partition whose second column has another type than the table's second does not fit."""
    lake.declare("t", {"a": "string", "b": "bigint"}, serde=OPENX, keys={"snapshot_timestamp": "string"})
    lake.register("t", "1", columns={"b": "bigint", "a": "string"})
    with pytest.raises(QueryError, match="HIVE_PARTITION_SCHEMA_MISMATCH"):
        lake.rows("SELECT a FROM t")


def test_an_unknown_serde_is_refused(lake: Lake) -> None:
    """A format this stand-in cannot read says so instead of guessing."""
    lake.declare("t", {"id": "string"}, serde="org.apache.hadoop.hive.serde2.OpenCSVSerde")
    lake.store.put_json("t/a.json", {"id": "a"})
    with pytest.raises(QueryError, match=r"HIVE_UNSUPPORTED_FORMAT: the SerDe 'org.apache.*OpenCSVSerde'"):
        lake.rows("SELECT id FROM t")
