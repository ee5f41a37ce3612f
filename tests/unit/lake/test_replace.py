"""Moving a view: by a compare-and-set under a fence, in the catalog and in the lake the steps' tests use."""

from collections.abc import Callable

import pytest

from lakeshot.errors import CatalogError, LockLostError
from lakeshot.lake import Lake
from lakeshot.lake.hive import HiveLake
from lakeshot.lake.view import ViewColumn, ViewDefinition
from tests.unit.lake.conftest import Versions
from tests.unit.lakes import LakeInMemory

Pause = Callable[[Lake, Callable[[], None]], None]
"""Let something happen between the next writer's reading and its writing."""


def definition(snapshot: str | None) -> ViewDefinition:
    return ViewDefinition(
        snapshot=snapshot,
        original_text=f"/* Presto View: of {snapshot} */",
        expanded_text="/* Presto View */",
        columns=(ViewColumn(name="id", type="string"),),
        parameters={"presto_view": "true", "comment": "Presto View"},
    )


@pytest.fixture(params=["catalog", "memory"])
def view(request: pytest.FixtureRequest) -> Lake:
    if request.param == "memory":
        return LakeInMemory()
    lake: HiveLake = request.getfixturevalue("lake")
    return lake


@pytest.fixture
def pause(versions: Versions) -> Pause:
    def pause(lake: Lake, meanwhile: Callable[[], None]) -> None:
        if isinstance(lake, LakeInMemory):
            lake.before_write = meanwhile
        else:
            versions.meanwhile = meanwhile

    return pause


def test_a_view_that_was_never_made_is_made(view: Lake) -> None:
    """And what is read back is what was written."""
    assert view.shown() is None
    view.replace(definition("a"), fence=1)
    assert view.shown() == definition("a")


def test_a_run_moves_the_view_as_often_as_it_likes(view: Lake) -> None:
    """Also back to no rows, after which no snapshot is named."""
    view.replace(definition("a"), fence=1)
    view.replace(definition("b"), fence=1)
    view.replace(definition(None), fence=2)
    assert view.shown() == definition(None)


def test_a_view_written_under_a_higher_fence_is_left_as_it_is(view: Lake) -> None:
    """Whoever wrote it has taken the lock over."""
    view.replace(definition("new"), fence=2)
    with pytest.raises(LockLostError, match="fence 2"):
        view.replace(definition("old"), fence=1)
    assert view.shown() == definition("new")


def test_a_writer_paused_before_it_writes_cannot_undo_what_came_after(view: Lake, pause: Pause) -> None:
    """It has read the view before the fence rose, so only the version can stop it."""
    view.replace(definition("a"), fence=1)
    pause(view, lambda: view.replace(definition("c"), fence=2))
    with pytest.raises(LockLostError):
        view.replace(definition("b"), fence=1)
    assert view.shown() == definition("c")


def test_writing_the_same_again_still_stops_a_paused_writer(view: Lake, pause: Pause) -> None:
    """Taking a move back that had not happened yet must keep it from happening."""
    view.replace(definition("a"), fence=1)
    pause(view, lambda: view.replace(definition("a"), fence=2))
    with pytest.raises(LockLostError):
        view.replace(definition("b"), fence=1)
    assert view.shown() == definition("a")


def test_a_writer_that_still_has_the_highest_fence_writes_on_top(view: Lake, pause: Pause) -> None:
    """A version may have changed for other reasons than a lost lock."""
    view.replace(definition("a"), fence=1)
    pause(view, lambda: view.replace(definition("b"), fence=1))
    view.replace(definition("c"), fence=2)
    assert view.shown() == definition("c")


def test_a_view_dropped_meanwhile_is_made_again(view: Lake, pause: Pause) -> None:
    """It is as if it had never been there."""
    view.replace(definition("a"), fence=1)
    pause(view, view.drop_view)
    view.replace(definition("b"), fence=1)
    assert view.shown() == definition("b")


def test_a_view_that_never_holds_still_is_an_error(view: Lake, pause: Pause) -> None:
    """It is told after a few tries, with the view as others left it."""
    view.replace(definition("a"), fence=1)

    def meddle() -> None:
        view.replace(definition("theirs"), fence=1)
        pause(view, meddle)

    pause(view, meddle)
    with pytest.raises(CatalogError, match="each"):
        view.replace(definition("mine"), fence=1)
    assert view.shown() == definition("theirs")
