"""The view function serves CloudFormation's requests, and always answers them."""

from collections.abc import Callable

import pytest

from tests.unit.lambdas.cloudformation import CloudFormation
from tests.unit.lambdas.conftest import Invoke
from tests.unit.services import group_view_opener, lake_opener
from tests.unit.stage import DAY_1, Stage


@pytest.fixture
def view(stage: Stage, function: Callable[[str], Invoke], monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.setattr("lakeshot.steps.owning_view.open_lake", lake_opener(stage))
    monkeypatch.setattr("lakeshot.steps.owning_view.open_group_view", group_view_opener(stage))
    return function("view")


def test_a_view_is_made_with_its_stack(stage: Stage, view: Invoke, cloudformation: CloudFormation) -> None:
    """CloudFormation hears of it, by an id that names the view."""
    stage.lake.drop_view()
    view(cloudformation.request("Create", Export="reviews"))
    assert stage.lake.shown() == stage.lake.stage_nothing()
    (answer,) = cloudformation.answers
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "view-reviews")
    assert (answer["StackId"], answer["RequestId"], answer["LogicalResourceId"]) == ("arn:stack", "1", "View")


def test_an_update_never_moves_a_view(stage: Stage, view: Invoke, cloudformation: CloudFormation) -> None:
    """Runs do."""
    stage.succeed("run-1", 1)
    version = stage.lake.version
    view({**cloudformation.request("Update", Export="reviews"), "PhysicalResourceId": "view-reviews"})
    assert (stage.shown[0], stage.lake.version) == (DAY_1, version)
    assert [answer["Status"] for answer in cloudformation.answers] == ["SUCCESS"]


def test_a_groups_view_goes_with_its_stack(
    stage: Stage, view: Invoke, cloudformation: CloudFormation
) -> None:
    """The members' views stay."""
    view({**cloudformation.request("Delete", Group="nightly"), "PhysicalResourceId": "view-nightly"})
    assert stage.group_view.shown() is None
    assert stage.lake.shown() is not None
    (answer,) = cloudformation.answers
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "view-nightly")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("no export", "no export 'payments' is deployed"),
        ("no service", "slow down (log stream a/log/stream)"),
    ],
)
def test_what_went_wrong_is_answered_too(
    broken: str, reason: str, stage: Stage, view: Invoke, cloudformation: CloudFormation
) -> None:
    """Or CloudFormation would wait for an hour; an unexpected error names the log."""
    stage.succeed("run-1", 1)
    stage.lake.refused.add(DAY_1)
    view(cloudformation.request("Create", Export="payments" if broken == "no export" else "reviews"))
    (answer,) = cloudformation.answers
    assert answer["Status"] == "FAILED"
    assert reason in answer["Reason"]
