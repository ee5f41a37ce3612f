"""The close function, asked by the state machine's Catch, by an event, or by a later run."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lakeshot.errors import RunClosingError
from lakeshot.runs.records import RunState
from tests.unit.lambdas.conftest import Invoke
from tests.unit.services import Session
from tests.unit.stage import ARN, DAY_1, MEMBERS, Stage


def caught(given: object, run: str = "run-1", **told: str) -> dict[str, Any]:
    """As the state machine's own Catch gives it."""
    return {
        "detail": {
            "executionArn": ARN.format(run),
            "status": "FAILED",
            "input": json.dumps(given),
            "error": "CatalogError",
            "cause": '{"errorType": "CatalogError", "errorMessage": "boom"}',
            **told,
        }
    }


def event(given: object, run: str = "run-1", **told: str) -> dict[str, Any]:
    """As EventBridge delivers it, which knows much more."""
    detail = {**caught(given, run)["detail"], "stateMachineArn": "arn:x", "startDate": 1, **told}
    return {"detail-type": "Step Functions Execution Status Change", "source": "aws.states", "detail": detail}


def close_as_asked(stage: Stage, session: Session, function: Callable[[str], Invoke]) -> None:
    """A later run of ``reviews`` finds the lock held and has close do what close is asked for."""
    payload = stage.deployed["reviews"].payload().model_dump(mode="json")
    plan = {"payload": payload, "execution_arn": ARN.format("run-2"), "redrive": 0}
    with pytest.raises(RunClosingError):
        function("plan")({**plan, "started_at": "2026-11-21T12:00:00Z"})
    (asked,) = session.invocations.asked
    function("close")(json.loads(asked["Payload"]))


def test_a_run_that_failed_is_closed_while_its_execution_still_runs(
    stage: Stage, session: Session, function: Callable[[str], Invoke]
) -> None:
    """The state machine waits for it, and then ends as failed."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    assert function("close")(caught({"export": "reviews"})) is None
    assert stage.record("run-1").error == "CatalogError: boom"
    assert (stage.data(), stage.lock().holder()) == ([], None)
    assert [notice["Subject"] for notice in session.topic.sent] == ["Lakeshot: export reviews FAILED"]


def test_the_event_of_a_run_that_was_closed_before_changes_nothing(
    stage: Stage, session: Session, function: Callable[[str], Invoke]
) -> None:
    """It follows every end."""
    stage.begin("run-1", 1)
    invoke = function("close")
    invoke(caught({"export": "reviews"}))
    stage.executions.ends["run-1"] = {"status": "FAILED"}
    invoke(event({"export": "reviews"}))
    assert len(session.topic.sent) == 1


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_an_end_without_a_catch_is_closed_by_its_event(
    status: str, stage: Stage, function: Callable[[str], Invoke]
) -> None:
    """Nothing of the state machine runs any more."""
    stage.begin_group("run-1", 1)
    stage.executions.ends["run-1"] = {"status": status}
    function("close")(event({"group": "nightly"}, status=status))
    assert {stage.record("run-1", name).state for name in (*MEMBERS, "nightly")} == {RunState(status)}


def test_the_late_event_of_a_run_that_was_redriven_is_ignored(
    stage: Stage, session: Session, function: Callable[[str], Invoke]
) -> None:
    """Its execution runs again; the next end has an event of its own."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    fence = stage.enter(plan, redrive=1).fence
    function("close")(event({"export": "reviews"}, status="ABORTED"))
    stage.lock().check(run="run-1", fence=fence)
    assert (stage.record("run-1").state, stage.known(), session.topic.sent) == (RunState.RUNNING, [DAY_1], [])


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ({"status": "ABORTED"}, {"status": "RUNNING"}),
        ({"status": "TIMED_OUT"}, {"status": "RUNNING", "redriveCount": 0}),
        ({"status": "ABORTED", "redriveCount": 1}, {"status": "ABORTED", "redriveCount": 0}),
    ],
    ids=["running", "running, not redriven", "the end before"],
)
def test_an_end_is_believed_though_step_functions_has_not_heard_of_it(
    told: dict[str, Any], seen: dict[str, object], stage: Stage, function: Callable[[str], Invoke]
) -> None:
    """What it describes may be a moment old; the event comes only once."""
    plan = stage.begin("run-1", 1)
    if told.get("redriveCount"):
        stage.enter(plan, redrive=1)
    stage.executions.ends["run-1"] = seen
    function("close")(event({"export": "reviews"}, **told))
    assert stage.record("run-1").state is RunState(told["status"])
    assert stage.lock().holder() is None


def test_a_reason_that_the_event_lacks_is_asked_for(stage: Stage, function: Callable[[str], Invoke]) -> None:
    """The event of an execution that somebody stopped comes without it."""
    stage.begin("run-1", 1)
    stage.executions.ends["run-1"] = {"status": "ABORTED", "cause": "stopped by ana"}
    told = event({"export": "reviews"}, status="ABORTED")
    told["detail"].pop("cause")
    function("close")(told)
    assert stage.record("run-1").error == "the run was stopped: stopped by ana"


@pytest.mark.parametrize("given", [{"export": "payments"}, {}, "reviews", None])
def test_an_execution_that_named_nothing_deployed_is_told_once(
    given: object, stage: Stage, session: Session, function: Callable[[str], Invoke]
) -> None:
    """By the event, which follows the state machine's Catch."""
    invoke = function("close")
    invoke(caught(given))
    assert session.topic.sent == []
    stage.executions.ends["run-1"] = {"status": "FAILED"}
    invoke(event(given))
    (notice,) = session.topic.sent
    assert notice["Subject"] == "Lakeshot: execution run-1 FAILED"


def test_a_dead_run_is_closed_as_a_later_run_asks_for_it(
    stage: Stage, session: Session, function: Callable[[str], Invoke]
) -> None:
    """What plan sends is what close takes."""
    stage.begin("run-1", 1)
    stage.executions.ends["run-1"] = {
        "status": "ABORTED",
        "input": '{"export": "reviews"}',
        "cause": "by ana",
    }
    close_as_asked(stage, session, function)
    assert stage.record("run-1").error == "the run was stopped: by ana"
    assert stage.lock().holder() is None


def test_a_dead_run_that_step_functions_has_forgotten_is_closed_all_the_same(
    stage: Stage, session: Session, function: Callable[[str], Invoke]
) -> None:
    """Otherwise its export could never be run again, nor could what it left behind be removed."""
    stage.commit(stage.begin("run-1", 1))
    stage.executions.forgotten.add("run-1")
    close_as_asked(stage, session, function)
    assert (stage.lock().holder(), stage.data(), stage.known()) == (None, [], [])
    assert stage.record("run-1").state is RunState.FAILED
    assert [notice["Subject"] for notice in session.topic.sent] == ["Lakeshot: export reviews FAILED"]


def test_a_dead_run_that_was_redriven_and_then_forgotten_is_closed_all_the_same(
    stage: Stage, session: Session, function: Callable[[str], Invoke]
) -> None:
    """Only its record knows by now that it was redriven."""
    stage.enter(stage.begin("run-1", 1), redrive=1, anew=True)
    stage.executions.forgotten.add("run-1")
    close_as_asked(stage, session, function)
    assert stage.lock().holder() is None
    assert stage.record("run-1").state is RunState.FAILED


def test_a_forgotten_run_of_a_group_is_closed_whole(
    stage: Stage, session: Session, function: Callable[[str], Invoke]
) -> None:
    """Whoever wants one member's lock has every member's released, and the group's."""
    stage.begin_group("run-1", 1)
    stage.executions.forgotten.add("run-1")
    close_as_asked(stage, session, function)
    assert [stage.lock(name).holder() for name in (*MEMBERS, "nightly")] == [None] * 3
    assert {stage.record("run-1", name).state for name in (*MEMBERS, "nightly")} == {RunState.FAILED}


def test_a_group_none_of_whose_members_is_deployed_is_told_once(
    stage: Stage, session: Session, function: Callable[[str], Invoke]
) -> None:
    """Their stacks were removed before the group's."""
    for name in MEMBERS:
        del stage.ssm.values[f"/lakeshot/dev/exports/{name}"]
    invoke = function("close")
    invoke(caught({"group": "nightly"}))
    assert session.topic.sent == []
    stage.executions.ends["run-1"] = {"status": "FAILED"}
    invoke(event({"group": "nightly"}))
    assert [notice["Subject"] for notice in session.topic.sent] == ["Lakeshot: execution run-1 FAILED"]
