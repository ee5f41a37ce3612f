"""Names that stacks and runtime share."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from lakeshot.names import (
    ExportNames,
    GroupNames,
    StageNames,
    run_token,
    snapshot_moment,
    snapshot_name,
    snapshot_prefix,
    split_s3_uri,
    staged_view,
)


def test_names_of_a_stage_begin_with_its_prefix() -> None:
    """So that a role can be confined to them."""
    names = StageNames(stage="prod")
    assert names.state_machine == "lakeshot-prod-export"
    assert names.function("verify_files") == "lakeshot-prod-verify-files"
    assert names.bucket("123456789012", "eu-west-1") == "lakeshot-prod-123456789012-eu-west-1"
    assert names.parameter("reviews") == "/lakeshot/prod/exports/reviews"
    assert names.group_parameter("shop") == "/lakeshot/prod/groups/shop"


def test_names_of_an_export() -> None:
    """Hyphens in resources, underscores in the catalog."""
    names = ExportNames(stage="dev", export="user-events_eu")
    assert names.resource == "lakeshot-dev-user-events-eu"
    assert names.view == "user_events_eu"
    assert names.table == "snapshots_user_events_eu"
    assert names.data_prefix == "snapshots_user_events_eu/"
    assert names.runs_prefix == "runs/user-events_eu/"


def test_each_generation_of_an_exports_snapshots_has_a_table() -> None:
    """The first has the plain name, which is what a crawler finds in S3."""
    names = ExportNames(stage="dev", export="user-events")
    assert names.table_of(1) == names.table == "snapshots_user_events"
    assert names.table_of(2) == "snapshots_user_events__2"


def test_names_of_a_group() -> None:
    """They cannot be those of an export's resources."""
    names = GroupNames(stage="dev", group="web-shop_eu")
    assert names.resource == "lakeshot-dev-group-web-shop-eu"
    assert names.view == "web_shop_eu"


def test_a_staged_view_is_told_from_the_real_one_and_from_other_runs() -> None:
    """By what it begins and ends with."""
    assert staged_view("user_events", "4e65d3fb") == "lakeshot_staged_user_events_4e65d3fb"


def test_a_moment_is_compact_utc_without_colons() -> None:
    """Whatever its own time zone."""
    moment = datetime(2026, 11, 22, 1, 26, 5, tzinfo=timezone(timedelta(hours=2)))
    assert snapshot_name(moment) == "20261121T232605Z"
    assert snapshot_moment("20261121T232605Z") == datetime(2026, 11, 21, 23, 26, 5, tzinfo=UTC)
    assert (
        snapshot_prefix("snapshots_reviews/", "20261121T232605Z")
        == "snapshots_reviews/snapshot_timestamp=20261121T232605Z/"
    )


def test_a_runs_token_is_eight_hex_digits() -> None:
    """Different runs, different files."""
    assert run_token("run-1") == "4e65d3fb"
    assert run_token("run-2") != run_token("run-1")


def test_s3_uris_are_split() -> None:
    """Keys may hold slashes and equals signs."""
    assert split_s3_uri("s3://b/runs/x=1/plan.json") == ("b", "runs/x=1/plan.json")
    with pytest.raises(ValueError, match="not an S3 URI: 'http://b/x'"):
        split_s3_uri("http://b/x")
