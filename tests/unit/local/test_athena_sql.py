"""Trino's SQL, views, DDL and errors, as a user of Athena meets them."""

import base64
import json

import pyarrow as pa
import pytest

from local.athena.errors import QueryCancelledError, QueryError
from local.athena.statement import Statement
from local.athena.views import view_definition
from local.lake.catalog import Column
from tests.unit.local.lake_in_memory import Lake


@pytest.fixture
def reviews(lake: Lake) -> Lake:
    """Two snapshots of two reviews each, both registered."""
    lake.declare(
        "snapshots_reviews",
        {"id": "string", "rating": "bigint", "detail": "string", "tags": "array<string>"},
        keys={"snapshot_timestamp": "string"},
    )
    for value, rating in (("20261121T000000Z", 1), ("20261122T000000Z", 2)):
        columns = {
            "id": ["a", "b"],
            "rating": [rating, rating + 2],
            "detail": ['{"n":1.50,"s":"x","l":[1,2]}', None],
            "tags": pa.array([["p", "q"], None], pa.list_(pa.string())),
        }
        lake.store.put_parquet(f"snapshots_reviews/snapshot_timestamp={value}/a.parquet", columns)
        lake.register("snapshots_reviews", value)
    return lake


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("json_extract_scalar(detail, '$.n')", "1.50"),
        ("json_extract_scalar(detail, '$.l')", None),
        ("json_extract_scalar(detail, '$.l[1]')", "2"),
        ("CAST(json_extract(detail, '$.s') AS varchar)", "x"),
        ("json_format(json_extract(detail, '$.l'))", "[1,2]"),
        (
            'json_format(json_parse(\'{"b": 1.50, "a": [{"d": "1", "c": true}]}\'))',
            '{"a":[{"c":true,"d":"1"}],"b":1.50}',
        ),
        ("json_format(CAST('{\"a\"}' AS json))", '"{\\"a\\"}"'),
        ("json_format(CAST(ARRAY['p', '1'] AS json))", '["p","1"]'),
        ("json_array_length(json_extract(detail, '$.l'))", "2"),
        ("json_size(detail, '$.l')", "2"),
        ("cardinality(tags)", "2"),
        ("tags[1]", "p"),
        ("contains(tags, 'q')", "true"),
        ("array_join(tags, '-')", "p-q"),
        (
            "CAST('12345678901234567890.123456789012345678' AS decimal(38,18))",
            "12345678901234567890.123456789012345678",
        ),
        ("CAST(rating AS varchar) || '!'", "1!"),
        ("CAST('2026-11-21 23:26:05' AS timestamp)", "2026-11-21 23:26:05.000"),
        ("CAST('2026-11-21 23:26:05.25' AS timestamp(6))", "2026-11-21 23:26:05.250000"),
        ("CAST(CAST('0001-01-01 00:00:00' AS timestamp(6)) AS varchar)", "0001-01-01 00:00:00.000000"),
        ("CAST(CAST('2026-11-21 23:26:05' AS timestamp) AS varchar)", "2026-11-21 23:26:05.000"),
        ("CAST(TIMESTAMP '2026-11-21 23:26:05' AS varchar)", "2026-11-21 23:26:05"),
        ("date_trunc('hour', TIMESTAMP '2026-11-21 23:26:05.123')", "2026-11-21 23:00:00.000"),
        ("date_trunc('hour', CAST('2026-11-21 23:26:05' AS timestamp(6)))", "2026-11-21 23:00:00.000000"),
        ("CAST('0001-01-01' AS date)", "0001-01-01"),
        ("CAST('-Infinity' AS double)", "-Infinity"),
        ("CAST('0.1' AS real)", "0.1"),
        ("CAST(CAST('-0' AS double) AS varchar)", "-0E0"),
        ("CAST(CAST('0.1' AS double) AS varchar)", "1.0E-1"),
        ("CAST(CAST('NaN' AS double) AS varchar)", "NaN"),
        ("CAST(CAST('1.2345679' AS real) AS varchar)", "1.234568E0"),
        ("json_format(CAST(CAST('1.2345679' AS real) AS json))", "1.2345679"),
        ("json_format(CAST(CAST('0.1' AS real) AS json))", "0.1"),
        ("json_format(CAST(CAST('-0' AS double) AS json))", "-0.0"),
        ("json_format(CAST(CAST('-Infinity' AS double) AS json))", '"-Infinity"'),
        ("json_format(CAST(CAST('NaN' AS real) AS json))", '"NaN"'),
        ("CAST(CAST('-0.5' AS decimal(2,2)) AS varchar)", "-0.50"),
        ("try_cast('x' AS double)", None),
        ("date_parse(snapshot_timestamp, '%Y%m%dT%H%i%sZ')", "2026-11-21 00:00:00.000"),
        ("from_base64('AP8=')", "00 ff"),
        ("to_base64(from_base64('AP8='))", "AP8="),
        ("date_diff('day', DATE '2026-11-01', DATE '2026-11-21')", "20"),
        ("date_format(TIMESTAMP '2026-11-21 23:26:05', '%Y-%m')", "2026-11"),
        ("rating / 2", "0"),
        ("7 / 2", "3"),
        ("try_cast('x' AS bigint)", None),
        ("element_at(MAP(ARRAY['k'], ARRAY[1]), 'k')", "1"),
    ],
)
def test_functions_mean_what_trino_means(reviews: Lake, expression: str, text: str | None) -> None:
    """Functions that people use on exported columns give Trino's answer."""
    where = "snapshot_timestamp < '20261122' AND id = 'a'"
    sql = f"SELECT {expression} AS v FROM snapshots_reviews WHERE {where}"
    assert reviews.rows(sql) == [(text,)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("infinity", "date"),
        ("0044-03-15 BC", "date"),
        ("10000-01-01", "date"),
        ("-infinity", "timestamp(6)"),
        ("0044-03-15 12:00:00 BC", "timestamp(6)"),
        ("2026-11-21 23:26:05+01", "timestamp(6)"),
        ("2026-11-21 23:26:05.1234567", "timestamp(6)"),
        ("inf", "double"),
        ("nan", "real"),
        ("1_000", "double"),
    ],
)
def test_what_trino_would_not_cast_fails(reviews: Lake, text: str, kind: str) -> None:
    """DuckDB would; and further digits than a timestamp has, which Trino would round, it would cut off."""
    with pytest.raises(QueryError, match=r"INVALID_CAST_ARGUMENT: .*not for Trino: "):
        reviews.rows(f"SELECT CAST('{text}' AS {kind}) FROM snapshots_reviews")


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("CAST('2026-11-21 23:26:05' AS timestamp(6))", "timestamp(6)"),
        ("CAST('2026-11-21 23:26:05' AS timestamp)", "timestamp(3)"),
        ("date_parse('2026', '%Y')", "timestamp(3)"),
        ("CAST('0.1' AS real)", "real"),
        ("CAST('0.1' AS double)", "double"),
        ("CAST('2026-11-21' AS date)", "date"),
    ],
)
def test_a_view_has_trinos_types(reviews: Lake, expression: str, kind: str) -> None:
    """A timestamp's precision included."""
    reviews.rows(f"CREATE VIEW v AS SELECT {expression} AS c FROM snapshots_reviews")
    (column,) = view_definition("lakeshot", reviews.catalog.databases["lakeshot"]["v"]).columns
    assert column.type == kind
    assert len(reviews.rows("SELECT c FROM v")) == 4


def test_aggregates_have_trinos_types(reviews: Lake) -> None:
    """Counts and sums of whole numbers are bigint."""
    result = reviews.query(
        "SELECT count(*), sum(rating) s, approx_distinct(id) d, count_if(rating > 1) c, max(rating) m "
        "FROM snapshots_reviews"
    )
    assert result.columns == ("_col0", "s", "d", "c", "m")
    assert result.types == ("bigint",) * 5
    assert [tuple(row) for row in result.rows] == [("4", "10", "2", "3", "4")]


def test_with_join_and_window(reviews: Lake) -> None:
    """WITH, joins and windows work over tables of the catalog."""
    sql = """
        WITH newest AS (SELECT max(snapshot_timestamp) AS s FROM snapshots_reviews)
        SELECT r.id, sum(r.rating) OVER (ORDER BY r.id) AS running
        FROM lakeshot.snapshots_reviews AS r JOIN newest ON r.snapshot_timestamp = newest.s ORDER BY 1
    """
    assert reviews.rows(sql) == [("a", "2"), ("b", "6")]


def test_hidden_columns_are_there_when_asked_for(reviews: Lake) -> None:
    """``"$path"`` names the row's object and is not part of ``*``; ``$partitions`` lists registered ones."""
    path = "s3://lake/snapshots_reviews/snapshot_timestamp=20261122T000000Z/a.parquet"
    sql = "SELECT DISTINCT \"$path\" FROM snapshots_reviews WHERE snapshot_timestamp > '20261122'"
    assert reviews.rows(sql) == [(path,)]
    assert reviews.query("SELECT * FROM snapshots_reviews").columns[-1] == "snapshot_timestamp"
    partitions = 'SELECT * FROM "snapshots_reviews$partitions" ORDER BY 1'
    assert reviews.rows(partitions) == [("20261121T000000Z",), ("20261122T000000Z",)]


def test_a_view_is_kept_as_athena_keeps_it(reviews: Lake) -> None:
    """CREATE VIEW writes a VIRTUAL_VIEW with Trino types in its text and Hive types in its columns."""
    query = "SELECT id, rating, tags FROM snapshots_reviews WHERE snapshot_timestamp = '20261122T000000Z'"
    reviews.rows(f'CREATE OR REPLACE VIEW "lakeshot"."reviews" AS {query}')
    view = reviews.catalog.databases["lakeshot"]["reviews"]
    assert view.table_type == "VIRTUAL_VIEW"
    assert view.parameters == {"presto_view": "true", "comment": "Presto View"}
    assert view.view_expanded_text == "/* Presto View */"
    assert view.view_original_text is not None
    assert view.view_original_text.startswith("/* Presto View: ")
    assert view.view_original_text.endswith(" */")
    assert json.loads(base64.b64decode(view.view_original_text[16:-3])) == {
        "originalSql": query,
        "catalog": "awsdatacatalog",
        "schema": "lakeshot",
        "columns": [
            {"name": "id", "type": "varchar"},
            {"name": "rating", "type": "bigint"},
            {"name": "tags", "type": "array(varchar)"},
        ],
    }
    assert view.storage_descriptor.columns == (
        Column(name="id", type="string"),
        Column(name="rating", type="bigint"),
        Column(name="tags", type="array<string>"),
    )
    assert reviews.rows("SELECT * FROM reviews ORDER BY id") == [("a", "2", "[p, q]"), ("b", "4", None)]
    assert reviews.rows("SELECT count(*) FROM lakeshot.reviews AS v JOIN reviews ON v.id = reviews.id") == [
        ("2",)
    ]


def test_a_view_reads_only_its_partition(reviews: Lake) -> None:
    """Pruning reaches through a view."""
    one = "SELECT count(*) FROM snapshots_reviews WHERE snapshot_timestamp = '20261122T000000Z'"
    reviews.rows("CREATE VIEW reviews AS SELECT * FROM snapshots_reviews")
    through_view = one.replace("snapshots_reviews", "reviews")
    assert reviews.run(through_view).scanned_bytes == reviews.run(one).scanned_bytes
    assert reviews.run("SELECT count(*) FROM reviews").scanned_bytes == 2 * reviews.run(one).scanned_bytes


def test_replacing_needs_the_word(reviews: Lake) -> None:
    """CREATE VIEW over an existing name fails; OR REPLACE replaces it; a table is never replaced."""
    reviews.rows("CREATE VIEW reviews AS SELECT 1 AS one")
    with pytest.raises(QueryError, match="ALREADY_EXISTS"):
        reviews.rows("CREATE VIEW reviews AS SELECT 2 AS one")
    reviews.rows("CREATE OR REPLACE VIEW reviews AS SELECT 3 AS one")
    assert reviews.rows("SELECT * FROM reviews") == [("3",)]
    with pytest.raises(QueryError, match="ALREADY_EXISTS"):
        reviews.rows("CREATE OR REPLACE VIEW snapshots_reviews AS SELECT 3 AS one")


def test_a_view_whose_table_changed_type_is_stale(reviews: Lake) -> None:
    """A view's frozen column types must still fit what its query yields."""
    reviews.rows("CREATE VIEW reviews AS SELECT id, rating FROM snapshots_reviews")
    table = reviews.catalog.databases["lakeshot"].pop("snapshots_reviews")
    changed = (Column(name="id"), Column(name="rating", type="string"))
    storage = table.storage_descriptor.model_copy(update={"columns": changed})
    reviews.catalog.create("lakeshot", table.model_copy(update={"storage_descriptor": storage}))
    with pytest.raises(
        QueryError, match=r"INVALID_VIEW: .* column \[rating\] of type varchar .* of type bigint"
    ):
        reviews.rows("SELECT id FROM reviews")


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "SELECT * FROM nowhere",
            "TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.lakeshot.nowhere' does not exist",
        ),
        ("SELECT * FROM nowhere.t", "SCHEMA_NOT_FOUND: line 1:1: Schema 'nowhere' does not exist"),
        (
            "SELECT ratin FROM snapshots_reviews",
            "COLUMN_NOT_FOUND: line 1:1: Column 'ratin' cannot be resolved",
        ),
        ("SELECT nofunction(rating) FROM snapshots_reviews", "FUNCTION_NOT_FOUND: "),
        ("SELECT rating + tags FROM snapshots_reviews", "TYPE_MISMATCH: "),
        ("SELECT CAST(id AS bigint) FROM snapshots_reviews", "INVALID_CAST_ARGUMENT: "),
        ("SELECT FROM WHERE", "SYNTAX_ERROR: "),
        ("SELECT 1; SELECT 2", "SYNTAX_ERROR: Only one sql statement is allowed. Got: 2"),
        ("INSERT INTO t VALUES (1)", "NOT_SUPPORTED: INSERT"),
        ('CREATE VIEW "re-views" AS SELECT 1 AS one', "INVALID_VIEW: "),
        ("DROP VIEW nowhere", "TABLE_NOT_FOUND: "),
        ("DROP VIEW snapshots_reviews", "TABLE_NOT_FOUND: "),
        ("SHOW PARTITIONS nowhere", "TABLE_NOT_FOUND: "),
    ],
)
def test_errors_carry_athenas_codes(reviews: Lake, sql: str, message: str) -> None:
    """What a user did wrong has the code Athena would give it."""
    with pytest.raises(QueryError) as failure:
        reviews.rows(sql)
    assert str(failure.value).startswith(message)


def test_ddl_changes_the_catalog(lake: Lake) -> None:
    """A table made, filled, repaired and dropped by statements alone."""
    lake.rows(
        "CREATE EXTERNAL TABLE IF NOT EXISTS lakeshot.t "
        "(`id` string, x decimal(38,18), m map<string,array<int>>) "
        "PARTITIONED BY (p string) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' "
        "LOCATION 's3://lake/t/' TBLPROPERTIES ('classification'='json')"
    )
    made = lake.catalog.databases["lakeshot"]["t"]
    assert [(c.name, c.type) for c in made.storage_descriptor.columns] == [
        ("id", "string"),
        ("x", "decimal(38,18)"),
        ("m", "map<string,array<int>>"),
    ]
    assert made.parameters == {"EXTERNAL": "TRUE", "classification": "json"}
    lake.store.put_json("t/p=1/a.json", {"id": "a"})
    lake.store.put_json("t/p=10:30/a.json", {"id": "b"})
    lake.rows("MSCK REPAIR TABLE t")
    assert lake.rows("SHOW PARTITIONS t") == [("p=1",)]
    lake.rows(
        "ALTER TABLE t ADD IF NOT EXISTS PARTITION (p = '1') PARTITION (p = '10:30') LOCATION 's3://lake/t/p=10:30/'"
    )
    assert lake.rows("SELECT id, p FROM t ORDER BY id") == [("a", "1"), ("b", "10:30")]
    lake.rows("ALTER TABLE t DROP PARTITION (p = '1')")
    assert lake.rows("SELECT id FROM t") == [("b",)]
    assert lake.rows("SHOW TABLES") == [("t",)]
    lake.rows("DROP TABLE t")
    lake.rows("DROP TABLE IF EXISTS t")
    assert lake.catalog.databases["lakeshot"] == {}


def test_the_result_file_is_quoted_csv(lake: Lake) -> None:
    """Every value is quoted, quotes are doubled, and null is an empty field without quotes."""
    lake.rows("SELECT 'say \"hi\"' AS a, CAST(NULL AS bigint) AS b, 1 AS c, '' AS d")
    assert lake.store.objects["results/q.csv"] == b'"a","b","c","d"\n"say ""hi""",,"1",""\n'


def test_a_stopped_query_ends_between_files(reviews: Lake) -> None:
    """The check given to a query is asked before each file and ends it."""
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise QueryCancelledError("stopped")

    query = Statement(
        "SELECT count(*) FROM snapshots_reviews", "lakeshot", reviews.catalog, reviews.store, check
    )
    with pytest.raises(QueryCancelledError):
        query.run("s3://lake/results/q.csv")
    assert "results/q.csv" not in reviews.store.objects
