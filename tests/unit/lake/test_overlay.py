"""A view of changes shows the table as it was at the snapshot's instant, whatever happened before."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.types import BIGINT, DECIMAL
from lakeshot.config.deployed import Deployed
from lakeshot.dynamodb.windows import OVERLAP
from lakeshot.files import FileFormat
from lakeshot.lake.view_sql import shown_select
from tests.unit.lake.drawn_histories import IN_A_FIXTURE, written
from tests.unit.lake.histories import BEGIN, History, Schema, Write, Written, texts, write


@IN_A_FIXTURE
@given(data=st.data())
def test_a_view_shows_the_table_at_the_snapshots_instant(deployed: Deployed, data: st.DataObject) -> None:
    """Rows written, deleted and written again, in windows that overlap, in types that widen."""
    history, lake, schemas = data.draw(written(deployed))
    shown = write(history, schemas, lake)
    expected = texts(history.rows(history.moments[-1]).values(), schemas[-1], shown.snapshot)
    assert sorted(lake.lake.rows(shown_select(deployed, shown))) == expected


END_1, END_2 = BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=2)
SECOND = timedelta(seconds=1)
A = (1, "a")
OLD = Write(BEGIN - SECOND, A, 1)


@pytest.mark.parametrize(
    ("writes", "value"),
    [
        ([OLD], "1"),
        ([OLD, Write(BEGIN, A, 2)], "2"),
        ([OLD, Write(BEGIN, A, 2), Write(END_1, A, 3)], "3"),
        ([OLD, Write(END_2 - SECOND, A, deletes=True)], None),
        ([OLD, Write(BEGIN, A, deletes=True), Write(END_1, A, 3)], "3"),
        ([OLD, Write(END_1 - SECOND, A, 2), Write(END_1, A, deletes=True)], None),
        ([Write(END_1 - SECOND, A, 2), Write(END_1, A, deletes=True)], None),
        ([Write(END_1 - OVERLAP, A, 2), Write(END_1, A, deletes=True)], None),
        ([Write(END_1 - OVERLAP - SECOND, A, 2)], "2"),
        ([Write(END_1 - SECOND, A, 2)], "2"),
        ([Write(END_2 - SECOND, A, 2)], "2"),
        ([Write(END_2, A, 2)], None),
    ],
    ids=[
        "not changed",
        "changed",
        "changed twice",
        "deleted",
        "deleted and written again",
        "changed where windows overlap, then deleted",
        "inserted where windows overlap, then deleted: the next window knows nothing of it",
        "inserted where the overlap begins, then deleted",
        "inserted just before the overlap",
        "inserted where windows overlap, and still there",
        "inserted where the next window is going to overlap",
        "inserted too late",
    ],
)
def test_what_became_of_one_row(deployed: Deployed, writes: list[Write], value: str | None) -> None:
    """After a whole snapshot and two of changes."""
    lake = Written(deployed, FileFormat.PARQUET)
    schema = Schema(BIGINT, BIGINT, has_note=False)
    shown = write(History(writes, [BEGIN, END_1, END_2]), [schema] * 3, lake)
    rows = lake.lake.rows(shown_select(deployed, shown))
    assert rows == ([] if value is None else [("1", "a", value, "20261101T020000Z")])


def test_what_only_the_last_window_knows_is_shown_whatever_the_snapshot_is_called(deployed: Deployed) -> None:
    """Changes that are converted once more may get another name than that of their instant."""
    lake = Written(deployed, FileFormat.PARQUET)
    schema = Schema(BIGINT, BIGINT, has_note=False)
    shown = write(History([Write(END_1 - SECOND, A, 2)], [BEGIN, END_1]), [schema] * 2, lake)
    again = lake.lake.rows(shown_select(deployed, shown.model_copy(update={"snapshot": "20261101T010001Z"})))
    assert again == [("1", "a", "2", "20261101T010001Z")]


def test_a_view_of_changes_is_one_query_of_the_chains_partitions(deployed: Deployed) -> None:
    """What a layer lacks is null, and what is narrower there is widened."""
    narrow = Schema(BIGINT, BIGINT, has_note=False)
    wide = Schema(BIGINT, DECIMAL, has_note=True)
    lake = Written(deployed, FileFormat.PARQUET)
    ends = [END_1, END_2, END_2 + timedelta(hours=1)]
    shown = write(History([], [BEGIN, *ends]), [narrow, narrow, narrow, wide], lake)
    told = (
        'CAST("change_operation" AS varchar) AS "change_operation", '
        'CAST("change_written_micros" AS bigint) AS "change_written_micros", '
        'CAST("change_window" AS varchar) AS "change_window", '
        'CAST("change_repeated" AS boolean) AS "change_repeated"'
    )
    keys = 'CAST("id" AS bigint) AS "id", CAST("sort" AS varchar) AS "sort"'
    old = (
        f'{keys}, CAST(CAST("value" AS bigint) AS decimal(38,18)) AS "value", CAST(NULL AS varchar) AS "note"'
    )
    new = f'{keys}, CAST("value" AS decimal(38,18)) AS "value", CAST("note" AS varchar) AS "note"'
    snapshot = "CAST('20261101T030000Z' AS varchar) AS \"snapshot_timestamp\""
    assert shown_select(deployed, shown) == (
        f'WITH "changes" AS (SELECT {old}, {told} FROM "lakeshot"."snapshots_reviews__changes" '
        "WHERE \"snapshot_timestamp\" IN ('20261101T010000Z', '20261101T020000Z') "
        f'UNION ALL SELECT {new}, {told} FROM "lakeshot"."snapshots_reviews__changes__2" '
        "WHERE \"snapshot_timestamp\" = '20261101T030000Z') "
        f'SELECT "base".*, {snapshot} FROM (SELECT {old} FROM "lakeshot"."snapshots_reviews" '
        'WHERE "snapshot_timestamp" = \'20261101T000000Z\') AS "base" '
        'WHERE NOT EXISTS (SELECT 1 FROM "changes" '
        'WHERE "changes"."id" = "base"."id" AND "changes"."sort" = "base"."sort") '
        f'UNION ALL SELECT "id", "sort", "value", "note", {snapshot} FROM (SELECT *, row_number() OVER '
        '(PARTITION BY "id", "sort" ORDER BY "change_window" DESC, "change_written_micros" DESC) '
        'AS "age of change" FROM "changes") WHERE "age of change" = 1 AND "change_operation" <> \'delete\' '
        'AND NOT ("change_repeated" AND "change_window" <> \'20261101T030000Z\')'
    )
