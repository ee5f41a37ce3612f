"""What an ended execution ran is found by what it was given and by what it recorded."""

import json

import pytest

from lakeshot.errors import PayloadError
from lakeshot.runs.records import RunRecord, RunState
from lakeshot.steps.closing import Closer
from lakeshot.steps.messages import ExecutionEnd
from lakeshot.steps.opening_closer import open_closer
from tests.unit.conftest import NOON
from tests.unit.services import Session, services_of
from tests.unit.stage import ARN, GROUP, MEMBERS, Stage


def opened(stage: Stage, given: object) -> Closer:
    end = {"executionArn": ARN.format("run-1"), "status": "FAILED", "input": json.dumps(given)}
    return open_closer(services_of(Session(stage)), ExecutionEnd.model_validate(end))


def exports(closer: Closer) -> list[str]:
    return [deployed.export for deployed, _ in closer.exports]


def test_one_exports_run_is_closed_by_that_export_alone(stage: Stage) -> None:
    """With its own lake, and no group."""
    stage.deploy()
    closer = opened(stage, {"export": "orders"})
    assert (exports(closer), closer.group) == (["orders"], None)


def test_a_groups_run_is_closed_with_all_members(stage: Stage) -> None:
    """Also if it ended before it recorded which they are."""
    stage.deploy()
    closer = opened(stage, {"group": "nightly"})
    assert exports(closer) == list(MEMBERS)
    assert closer.group is not None
    assert (closer.group.name, closer.group.view.name) == ("nightly", "nightly")


def test_a_member_that_left_the_group_meanwhile_is_closed_too(stage: Stage) -> None:
    """The run holds its lock."""
    stage.deploy()
    smaller = GROUP.model_copy(update={"exports": ("reviews",)})
    stage.ssm.values["/lakeshot/dev/groups/nightly"] = smaller.model_dump_json()
    stage.groups.start(
        RunRecord(
            run="run-1",
            export="nightly",
            execution_arn=ARN.format("run-1"),
            state=RunState.RUNNING,
            step="plan",
            started_at=NOON,
            group="nightly",
            members=("orders", "reviews"),
        )
    )
    assert exports(opened(stage, {"group": "nightly"})) == ["reviews", "orders"]


def test_a_member_that_is_not_deployed_any_more_does_not_stop_the_closing(stage: Stage) -> None:
    """The others have leftovers all the same."""
    stage.deploy()
    del stage.ssm.values["/lakeshot/dev/exports/reviews"]
    assert exports(opened(stage, {"group": "nightly"})) == ["orders"]


def test_a_group_without_any_deployed_member_cannot_be_closed(stage: Stage) -> None:
    """There is nothing left to close, and the message says of which group."""
    stage.deploy()
    for name in MEMBERS:
        del stage.ssm.values[f"/lakeshot/dev/exports/{name}"]
    with pytest.raises(PayloadError, match="no export of group 'nightly' is deployed any more"):
        opened(stage, {"group": "nightly"})


@pytest.mark.parametrize("given", [{"export": "payments"}, {"group": "payments"}, {}, [], "reviews", None])
def test_what_names_nothing_deployed_cannot_be_closed(given: object, stage: Stage) -> None:
    """Nothing of it can be there."""
    stage.deploy()
    with pytest.raises(PayloadError, match="is deployed in stage 'dev'"):
        opened(stage, given)
