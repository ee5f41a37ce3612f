"""The function that reads back one verifier's share."""

from collections.abc import Callable

import pytest

from lakeshot.errors import LockLostError
from tests.unit.lambdas.conftest import Invoke, uri
from tests.unit.stage import Stage


def test_a_share_is_verified_and_the_step_recorded(stage: Stage, function: Callable[[str], Invoke]) -> None:
    """A snapshot without files has nothing that could be wrong."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    assert function("verify_files")({"plan": uri(plan), "redrive": 0, "verifier": 0}) is None
    assert stage.record("run-1").step == "verify files"


def test_a_share_of_a_closed_run_is_not_verified(stage: Stage, function: Callable[[str], Invoke]) -> None:
    """Nor does the record of the ended run change."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    stage.close("run-1", cause="boom")
    with pytest.raises(LockLostError):
        function("verify_files")({"plan": uri(plan), "redrive": 0, "verifier": 0})
    assert stage.record("run-1").step == "read"
