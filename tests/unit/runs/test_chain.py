"""What a snapshot of changes needs: every link back to a whole one."""

from collections.abc import Callable

import pytest

from lakeshot.errors import CatalogError
from lakeshot.runs.chain import chain
from lakeshot.runs.snapshots import Snapshot

WHOLE, FIRST, SECOND = (
    Snapshot(snapshot=name, run=f"run-{name}", state="verified", follows=follows)
    for name, follows in (("1", None), ("2", "1"), ("3", "2"))
)


def known(*entries: Snapshot) -> Callable[[str], Snapshot | None]:
    """Finds these and no others."""
    return {entry.snapshot: entry for entry in entries}.get


def test_a_whole_snapshot_needs_no_other() -> None:
    """Whatever else there is."""
    assert chain(WHOLE, known(SECOND, FIRST)) == (WHOLE,)


def test_changes_are_followed_back_to_a_whole_one() -> None:
    """The oldest first, in whichever order they are known."""
    assert chain(SECOND, known(FIRST, SECOND, WHOLE)) == (WHOLE, FIRST, SECOND)


def test_the_newest_need_not_be_verified_yet() -> None:
    """Nor be among those that are known: it is the one whose view is being made."""
    committed = SECOND.model_copy(update={"state": "committed"})
    assert chain(committed, known(FIRST, WHOLE)) == (WHOLE, FIRST, committed)


@pytest.mark.parametrize("entries", [[SECOND, WHOLE], [SECOND, FIRST.model_copy(update={"state": "doomed"})]])
def test_a_link_that_is_gone_or_going_breaks_the_chain(entries: list[Snapshot]) -> None:
    """It says which one, and what helps."""
    with pytest.raises(CatalogError, match=r"since snapshot 2, which is not there any more.*full: true"):
        chain(SECOND, known(*entries))
