"""The SQL that Athena gets, as text."""

from lakeshot.config.deployed import Deployed
from lakeshot.files import FileFormat
from lakeshot.lake.sql import create_view, identifier, literal, read_all_columns
from lakeshot.lake.view_sql import count_view_sql, nothing_select, shown_select
from tests.unit.manifests import manifest, shown_of


def test_the_view_shows_one_snapshot_of_parquet(deployed: Deployed) -> None:
    """Every column by name and with its type, and the partition it comes from."""
    assert shown_select(deployed, shown_of(manifest())) == (
        'SELECT CAST("id" AS varchar) AS "id", CAST("stars" AS bigint) AS "stars", '
        'CAST("price" AS decimal(38,18)) AS "price", CAST("photo" AS varbinary) AS "photo", '
        'CAST("sizes" AS array(decimal(38,18))) AS "sizes", "snapshot_timestamp" '
        'FROM "lakeshot"."snapshots_reviews" WHERE "snapshot_timestamp" = \'20261121T120000Z\''
    )


def test_the_view_casts_what_json_lines_hold_as_text(deployed: Deployed) -> None:
    """The view's types do not depend on the format."""
    assert shown_select(deployed, shown_of(manifest(file_format=FileFormat.JSON))) == (
        'SELECT CAST("id" AS varchar) AS "id", CAST("stars" AS bigint) AS "stars", '
        'CAST("price" AS decimal(38,18)) AS "price", from_base64("photo") AS "photo", '
        'transform("sizes", element -> CAST(element AS decimal(38,18))) AS "sizes", "snapshot_timestamp" '
        'FROM "lakeshot"."snapshots_reviews" WHERE "snapshot_timestamp" = \'20261121T120000Z\''
    )


def test_the_view_reads_the_table_of_the_snapshots_generation(deployed: Deployed) -> None:
    """And of no other."""
    assert 'FROM "lakeshot"."snapshots_reviews__3" WHERE' in shown_select(deployed, shown_of(manifest(), 3))


def test_a_view_before_the_first_snapshot_has_no_rows() -> None:
    """It can be queried all the same."""
    assert nothing_select() == 'SELECT CAST(NULL AS varchar) AS "snapshot_timestamp" WHERE 1 = 0'


def test_a_view_is_counted_as_a_whole(deployed: Deployed) -> None:
    """By its own name."""
    assert count_view_sql(deployed) == 'SELECT count(*) AS "rows" FROM "lakeshot"."reviews"'


def test_a_view_is_made_and_read_under_its_whole_name() -> None:
    """Whatever database a query runs in."""
    assert create_view("lake", "v", "SELECT 1") == 'CREATE OR REPLACE VIEW "lake"."v" AS SELECT 1'
    assert read_all_columns("lake", "v") == 'SELECT * FROM "lake"."v" LIMIT 1'


def test_names_and_texts_cannot_leave_their_quotes() -> None:
    """Quotes inside are doubled."""
    assert identifier('a"b; DROP VIEW x') == '"a""b; DROP VIEW x"'
    assert literal("it's") == "'it''s'"
