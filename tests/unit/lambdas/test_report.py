"""The report function ends a run that succeeded, once."""

from collections.abc import Callable

import pytest

from lakeshot.errors import LockLostError
from lakeshot.runs.records import RunState
from tests.unit.lambdas.conftest import Invoke, uri
from tests.unit.stage import MEMBERS, Stage


def test_a_group_is_reported_and_all_locks_are_free(stage: Stage, function: Callable[[str], Invoke]) -> None:
    """The group's own lock and record among them."""
    plans = stage.begin_group("run-1", 1)
    for plan in plans:
        stage.make_ready(plan)
    stage.publish(*plans)
    assert function("report")({"plans": [uri(plan) for plan in plans], "redrive": 0}) is None
    for name in (*MEMBERS, "nightly"):
        assert stage.record("run-1", name).state is RunState.SUCCEEDED
        assert stage.lock(name).holder() is None


def test_a_report_that_is_asked_for_again_is_nothing(stage: Stage, function: Callable[[str], Invoke]) -> None:
    """Its answer was lost, and the next run is at work by now."""
    plan = stage.succeed("run-1", 1)
    later = stage.begin("run-2", 2)
    assert function("report")({"plans": [uri(plan)], "redrive": 0}) is None
    stage.lock().check(run="run-2", fence=stage.enter(later).fence)


def test_a_run_that_was_closed_is_not_reported(stage: Stage, function: Callable[[str], Invoke]) -> None:
    """The late function fails, as its run did."""
    plan = stage.begin("run-1", 1)
    stage.make_ready(plan)
    stage.publish(plan)
    stage.close("run-1", cause="boom")
    with pytest.raises(LockLostError):
        function("report")({"plans": [uri(plan)], "redrive": 0})
    assert stage.record("run-1").state is RunState.FAILED
