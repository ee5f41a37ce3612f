"""The retain function applies the retention of every export of its run."""

from collections.abc import Callable

from tests.unit.lambdas.conftest import Invoke, uri
from tests.unit.stage import DAY_1, DAY_2, MEMBERS, Stage


def test_every_member_keeps_as_many_snapshots_as_it_is_configured_to(
    stage: Stage, function: Callable[[str], Invoke]
) -> None:
    """Each by its own setting."""
    stage.deployed["orders"] = stage.deployed["orders"].model_copy(update={"retain_snapshots": 1})
    stage.succeed_together("run-1", 1)
    plans = stage.begin_group("run-2", 2)
    for plan in plans:
        stage.make_ready(plan)
    stage.publish(*plans)
    assert function("retain")({"plans": [uri(plan) for plan in plans], "redrive": 0}) is None
    assert [stage.known(export) for export in MEMBERS] == [[DAY_2, DAY_1], [DAY_2]]
    assert [stage.record("run-2", export).step for export in MEMBERS] == ["retain", "retain"]
