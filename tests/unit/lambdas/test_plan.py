"""The plan function: what the state machine gives it, and what it gets back."""

from collections.abc import Callable

import pytest

from lakeshot.errors import PayloadError, RunClosingError
from lakeshot.runs.plan import Plan
from lakeshot.steps.messages import Planned
from lakeshot.stored import load
from tests.unit.lambdas.conftest import Invoke
from tests.unit.services import Session
from tests.unit.stage import ARN, DAY_1, Stage


def event(payload: object, run: str = "run-1") -> dict[str, object]:
    return {
        "payload": payload,
        "execution_arn": ARN.format(run),
        "started_at": "2026-11-21T12:00:00.123Z",
        "redrive": 0,
    }


def test_an_execution_is_planned(stage: Stage, function: Callable[[str], Invoke]) -> None:
    """A rollback needs no source, so that nothing but the stage is asked."""
    stage.succeed("run-1", 1)
    payload = stage.deployed["reviews"].payload().model_copy(update={"mode": "rollback", "snapshot": DAY_1})
    answer = function("plan")(event(payload.model_dump(mode="json"), "run-2"))
    planned = Planned.model_validate(answer)
    assert [member.run for member in planned.members] == ["run-2"]
    assert load(stage.s3, planned.plans[0], Plan).snapshot == DAY_1


def test_a_holder_that_has_ended_is_closed_by_the_close_function(
    stage: Stage, session: Session, function: Callable[[str], Invoke]
) -> None:
    """The state machine tries again until that is done."""
    stage.begin("run-1", 1)
    stage.executions.ends["run-1"] = {"status": "ABORTED", "input": '{"export": "reviews"}'}
    payload = stage.deployed["reviews"].payload().model_dump(mode="json")
    with pytest.raises(RunClosingError):
        function("plan")(event(payload, "run-2"))
    assert [asked["FunctionName"] for asked in session.invocations.asked] == ["lakeshot-dev-close"]


def test_a_payload_of_any_shape_is_answered_in_our_own_words(function: Callable[[str], Invoke]) -> None:
    """A person may have pasted anything."""
    with pytest.raises(PayloadError, match="allowed: a JSON object"):
        function("plan")(event(["reviews"]))
