"""A view as a part of its stack: there as soon as the stack is, never moved back, removed with it."""

import pytest

from lakeshot.files import FileFormat
from lakeshot.lake.group_view_sql import empty_group_select
from lakeshot.steps.owning_view import create_view, drop_view
from lakeshot.steps.services import Services
from tests.unit.services import Session, group_view_opener, lake_opener, services_of
from tests.unit.stage import DAY_1, DAY_2, Stage

OWNER, GROUP_OWNER = {"Export": "reviews"}, {"Group": "nightly"}


@pytest.fixture
def services(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr("lakeshot.steps.owning_view.open_lake", lake_opener(stage))
    monkeypatch.setattr("lakeshot.steps.owning_view.open_group_view", group_view_opener(stage))
    stage.deploy()
    return services_of(Session(stage))


def test_a_new_exports_view_shows_no_rows(stage: Stage, services: Services) -> None:
    """Nothing was published yet."""
    stage.lake.drop_view()
    create_view(services, OWNER)
    assert stage.lake.shown() == stage.lake.stage_nothing()


def test_a_stack_that_is_made_anew_shows_what_is_published(stage: Stage, services: Services) -> None:
    """Data outlives the stack; nothing stays staged."""
    stage.succeed("run-1", 1)
    stage.lake.drop_view()
    create_view(services, OWNER)
    assert (stage.shown[0], stage.lake.shown_rows(), stage.lake.staging) == (DAY_1, 2, {})


def test_a_stack_that_is_made_anew_shows_published_changes(stage: Stage, services: Services) -> None:
    """And the whole snapshot below them."""
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2, rows=3, follows=DAY_1, rows_shown=5)
    stage.lake.drop_view()
    create_view(services, OWNER)
    assert (stage.shown[0], stage.lake.shown_rows(), stage.lake.staging) == (DAY_2, 5, {})


def test_a_view_of_what_no_engine_reads_shows_no_rows(stage: Stage, services: Services) -> None:
    """An export that had binary files gets its view before it has a snapshot to show."""
    stage.deploy_as("reviews", FileFormat.BINARY)
    stage.succeed("run-1", 1)
    stage.deploy_as("reviews", FileFormat.PARQUET)
    create_view(services, OWNER)
    assert (stage.published[0], stage.lake.shown()) == (DAY_1, stage.lake.stage_nothing())


def test_a_view_is_removed_although_its_export_has_none_any_more(stage: Stage, services: Services) -> None:
    """CloudFormation updates the record first, and removes what is not in the template last."""
    unread = stage.deployed["reviews"].model_copy(update={"format": FileFormat.BINARY})
    stage.ssm.values["/lakeshot/dev/exports/reviews"] = unread.model_dump_json()
    drop_view(services, OWNER)
    assert stage.lake.shown() is None


def test_a_view_that_cannot_be_made_leaves_nothing_staged(stage: Stage, services: Services) -> None:
    """CloudFormation is told, and may try again."""
    stage.succeed("run-1", 1)
    stage.lake.refused.add(DAY_1)
    with pytest.raises(Exception, match="slow down"):
        create_view(services, OWNER)
    assert stage.lake.staging == {}


def test_a_run_that_is_at_work_keeps_its_say_over_the_view(stage: Stage, services: Services) -> None:
    """The view gets the number that the run holds, not a higher one."""
    plan = stage.begin("run-1", 1)
    stage.make_ready(plan)
    create_view(services, OWNER)
    assert stage.lake.fence == 1
    stage.publish(plan)
    assert stage.shown[0] == DAY_1


def test_a_new_groups_view_shows_no_rows(stage: Stage, services: Services) -> None:
    """It has the columns that it will have."""
    create_view(services, GROUP_OWNER)
    shown = stage.group_view.shown()
    assert shown is not None
    assert shown.original_text == empty_group_select()


def test_views_are_removed_with_their_stacks(stage: Stage, services: Services) -> None:
    """Each by its own owner."""
    drop_view(services, OWNER)
    assert (stage.lake.shown(), stage.group_view.shown() is None) == (None, False)
    drop_view(services, GROUP_OWNER)
    assert stage.group_view.shown() is None
