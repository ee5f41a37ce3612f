"""A group's view: one row a member, made and moved as an export's view is."""

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.lake.group_view_sql import GroupMember, empty_group_select, group_select
from lakeshot.lake.staged_view import StagedView
from tests.unit.conftest import NOON
from tests.unit.lake.conftest import EmbeddedAthena, Versions
from tests.unit.local.lake_in_memory import Lake

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient


def member(
    export: str = "reviews", moment: datetime = NOON, moment_from: str = "the schedule"
) -> GroupMember:
    return GroupMember(
        export=export,
        view=export,
        snapshot_timestamp="20261121T120000Z",
        snapshots_table=f"snapshots_{export}",
        row_count=3_000_000_000,
        moment=moment,
        moment_from=moment_from,
    )


@pytest.fixture
def view(glue: "GlueClient", versions: Versions, athena: EmbeddedAthena) -> StagedView:
    return StagedView(glue=glue, athena=athena, name="shop")


def test_each_member_is_a_row_in_order(view: StagedView, athena: EmbeddedAthena) -> None:
    """With its snapshot, where that is, and the moment in UTC."""
    later = datetime(2026, 11, 21, 14, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=2)))
    members = [member(), member("orders", later, "the owner's clock")]
    view.replace(view.stage("run-1", group_select(members), snapshot="20261121T120000Z"), fence=1)
    assert athena.rows(athena.run('SELECT * FROM "lakeshot"."shop"')) == [
        [
            "reviews",
            "reviews",
            "20261121T120000Z",
            "snapshots_reviews",
            "3000000000",
            "2026-11-21 12:00:00.000",
            "the schedule",
        ],
        [
            "orders",
            "orders",
            "20261121T120000Z",
            "snapshots_orders",
            "3000000000",
            "2026-11-21 12:00:00.250",
            "the owner's clock",
        ],
    ]


def test_a_group_that_published_nothing_has_the_same_columns_and_no_rows(
    view: StagedView, athena: EmbeddedAthena
) -> None:
    """So that a query written against it runs before the first run and after it."""
    nothing = view.stage_nothing(empty_group_select())
    view.replace(nothing, fence=0)
    assert athena.rows(athena.run('SELECT * FROM "lakeshot"."shop"')) == []
    assert nothing.columns == view.stage("run-1", group_select([member()]), snapshot="x").columns


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20))
def test_any_text_arrives_as_it_was_given(text: str) -> None:
    """Nothing written by hand can end the literal it is in."""
    query = f'SELECT "moment_from" FROM ({group_select([member(moment_from=text)])})'
    assert Lake().rows(query) == [(text,)]
