"""The catalog function gives the query that counts the snapshot's rows."""

from collections.abc import Callable

from lakeshot.steps.messages import Catalogued
from tests.unit.lambdas.conftest import Invoke, uri
from tests.unit.stage import DAY_1, Stage


def test_a_snapshot_is_registered_and_counted_in_the_stages_workgroup(
    stage: Stage, function: Callable[[str], Invoke]
) -> None:
    """The state machine runs the query itself."""
    plan = stage.begin("run-1", 1)
    stage.commit(plan)
    answer = function("catalog")({"plan": uri(plan), "redrive": 0})
    assert Catalogued.model_validate(answer) == Catalogued(
        query=f"count {DAY_1} in generation 1", database="lakeshot", workgroup="lakeshot-dev"
    )
    assert stage.record("run-1").step == "catalog"
