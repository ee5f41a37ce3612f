"""The SQL that Athena gets, as text."""

from lakeshot.config.deployed import Deployed
from lakeshot.files import FileFormat
from lakeshot.lake.view_sql import count_sql, identifier, literal, no_snapshot_sql, probe_sql, view_sql
from tests.unit.manifests import COLUMNS, manifest


def test_the_view_shows_one_snapshot_of_parquet_as_it_is(deployed: Deployed) -> None:
    """Every column by name, and the partition it comes from."""
    assert view_sql(deployed, manifest()) == (
        'CREATE OR REPLACE VIEW "lakeshot"."reviews" AS SELECT "id" AS "id", "stars" AS "stars", '
        '"price" AS "price", "photo" AS "photo", "sizes" AS "sizes", "snapshot_timestamp" '
        'FROM "lakeshot"."snapshots_reviews" WHERE "snapshot_timestamp" = \'20261121T120000Z\''
    )


def test_the_view_casts_what_json_lines_hold_as_text(deployed: Deployed) -> None:
    """The view's types do not depend on the format."""
    assert view_sql(deployed, manifest(file_format=FileFormat.JSON)) == (
        'CREATE OR REPLACE VIEW "lakeshot"."reviews" AS SELECT "id" AS "id", "stars" AS "stars", '
        'CAST("price" AS decimal(38,18)) AS "price", from_base64("photo") AS "photo", '
        'transform("sizes", element -> CAST(element AS decimal(38,18))) AS "sizes", "snapshot_timestamp" '
        'FROM "lakeshot"."snapshots_reviews" WHERE "snapshot_timestamp" = \'20261121T120000Z\''
    )


def test_a_view_before_the_first_snapshot_has_no_rows(deployed: Deployed) -> None:
    """It can be queried all the same."""
    assert no_snapshot_sql(deployed) == (
        'CREATE OR REPLACE VIEW "lakeshot"."reviews" AS '
        'SELECT CAST(NULL AS varchar) AS "snapshot_timestamp" WHERE 1 = 0'
    )


def test_counting_and_probing_read_one_partition_only(deployed: Deployed) -> None:
    """Older snapshots cost nothing."""
    assert count_sql(deployed, manifest()) == (
        'SELECT count(*) FROM "lakeshot"."snapshots_reviews" '
        "WHERE \"snapshot_timestamp\" = '20261121T120000Z'"
    )
    assert count_sql(deployed) == 'SELECT count(*) FROM "lakeshot"."reviews"'
    assert probe_sql(deployed, manifest(columns=COLUMNS[:1])) == (
        'SELECT "id" AS "id", "snapshot_timestamp" FROM "lakeshot"."snapshots_reviews" '
        "WHERE \"snapshot_timestamp\" = '20261121T120000Z' LIMIT 1"
    )


def test_names_and_texts_cannot_leave_their_quotes() -> None:
    """Quotes inside are doubled."""
    assert identifier('a"b; DROP VIEW x') == '"a""b; DROP VIEW x"'
    assert literal("it's") == "'it''s'"
