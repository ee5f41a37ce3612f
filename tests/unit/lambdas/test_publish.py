"""The publish function moves the views of all exports of its run."""

from collections.abc import Callable

import pytest

from lakeshot.errors import CatalogError, LockLostError
from tests.unit.lambdas.conftest import Invoke, uri
from tests.unit.stage import DAY_1, DAY_2, Stage


def test_one_export_is_published(stage: Stage, function: Callable[[str], Invoke]) -> None:
    """The other one's view stays."""
    plan = stage.begin("run-1", 1)
    stage.make_ready(plan)
    assert function("publish")({"plans": [uri(plan)], "redrive": 0}) is None
    assert (stage.shown, stage.published) == ([DAY_1, None], [DAY_1, None])
    assert stage.record("run-1").step == "publish"


def test_a_group_is_published_with_its_own_view(stage: Stage, function: Callable[[str], Invoke]) -> None:
    """Which tells both members' snapshots."""
    plans = stage.begin_group("run-1", 1)
    for plan in plans:
        stage.make_ready(plan)
    function("publish")({"plans": [uri(plan) for plan in plans], "redrive": 0})
    shown = stage.group_view.shown()
    assert shown is not None
    assert (stage.shown, shown.original_text.count(DAY_1)) == ([DAY_1, DAY_1], 2)


def test_only_a_plan_that_allows_it_publishes_an_older_moment(
    stage: Stage, function: Callable[[str], Invoke]
) -> None:
    """As the payload said, or as a rollback does."""
    stage.succeed("run-1", 1)
    stage.succeed("run-2", 2)
    plan = stage.begin("run-3", 1, rollback=True)
    stage.catalogue(plan)
    stage.verify(plan)
    function("publish")({"plans": [uri(plan)], "redrive": 0})
    assert stage.shown[0] == DAY_1
    stage.report(plan)
    stage.succeed("run-4", 3)
    late = stage.begin("run-5", 2, rollback=True)
    stage.write(
        uri(late).split("/", 3)[3], late.model_copy(update={"allow_older": False}).model_dump_json().encode()
    )
    stage.catalogue(late)
    stage.verify(late)
    with pytest.raises(CatalogError, match=f"newer than {DAY_2}"):
        function("publish")({"plans": [uri(late)], "redrive": 0})


def test_a_group_whose_lock_is_lost_publishes_nothing(
    stage: Stage, function: Callable[[str], Invoke]
) -> None:
    """Though every member's lock is held."""
    plans = stage.begin_group("run-1", 1)
    for plan in plans:
        stage.make_ready(plan)
    stage.lock("nightly").fence_off(run="run-1")
    with pytest.raises(LockLostError, match="group 'nightly'"):
        function("publish")({"plans": [uri(plan) for plan in plans], "redrive": 0})
    assert stage.shown == [None, None]
