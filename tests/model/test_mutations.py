"""Each safeguard of a run is there for something: without it, what it is there for goes wrong."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from lakeshot.lake.tables import write_table
from lakeshot.lake.view import GlueView, ViewDefinition
from lakeshot.runs.entrance import Entrance
from lakeshot.runs.lock import Lock
from lakeshot.runs.pointers import Move, Pointers
from lakeshot.runs.records import RunRecord, RunState, RunTable
from lakeshot.runs.snapshots import Snapshots
from lakeshot.runs.transactions import write_together
from lakeshot.steps.closing import Closer
from lakeshot.steps.messages import ExecutionEnd
from lakeshot.steps.publishing import Publisher
from tests.model import stories
from tests.model.invariants import BrokenError
from tests.model.machine import Runs
from tests.model.stories import Story

EXAMPLES = 100
"""So many at most; each of these is found much earlier."""
Mutation = Callable[[pytest.MonkeyPatch], None]


def _enters_whatever_closes(patch: pytest.MonkeyPatch) -> None:
    """A step goes on although its run is being closed."""
    enter = Entrance.enter

    def entered(self: Entrance, **given: Any) -> int:
        lock: Lock = vars(self)["_lock"]
        holder = lock.holder()
        if holder is not None and holder.run == given["run"]:
            return holder.fence
        return enter(self, **given)

    patch.setattr(Entrance, "enter", entered)


def _views_have_no_fence(patch: pytest.MonkeyPatch) -> None:
    """A view takes whatever is written, by whomever."""

    def replace(self: GlueView, definition: ViewDefinition, *, fence: int) -> None:
        wanted = self._input(definition, fence)
        write_table(self.glue, self.database, self.name, lambda _: wanted)

    patch.setattr(GlueView, "replace", replace)


def _moves_are_not_announced(patch: pytest.MonkeyPatch) -> None:
    """The view is moved before anybody is told."""

    def announce(self: Pointers, moves: list[Move], *, run: str, allow_older: bool) -> str:
        return str(moves[0].fence)

    patch.setattr(Pointers, "announce", announce)


def _close_does_not_fence_off(patch: pytest.MonkeyPatch) -> None:
    """Closing leaves the run's own number in force."""

    def fence_off(self: Lock, *, run: str) -> int | None:
        holder = self.holder()
        return holder.fence if holder is not None and holder.run == run else None

    patch.setattr(Lock, "fence_off", fence_off)


def _close_puts_nothing_back(patch: pytest.MonkeyPatch) -> None:
    """An interrupted publication stays as it is."""
    patch.setattr(Closer, "_put_back", lambda *_: None)


def _doom_is_not_said(patch: pytest.MonkeyPatch) -> None:
    """Old snapshots are deleted while they still are told to be there."""
    patch.setattr(Snapshots, "doom", lambda *_, **__: None)


def _locks_need_no_living_record(patch: pytest.MonkeyPatch) -> None:
    """A step takes a lock for a run that was closed."""
    record = Entrance._record

    def running(self: Entrance, run: str) -> RunRecord | None:
        found = record(self, run)
        if found is None or found.state is RunState.SUCCEEDED:
            return found
        return found.model_copy(update={"state": RunState.RUNNING})

    patch.setattr(Entrance, "_record", running)
    patch.setattr(
        Entrance,
        "_running",
        lambda self, run, redrive: {
            "ConditionCheck": {
                "TableName": "t",
                "Key": {"pk": {"S": "nothing"}, "sk": {"S": "nothing"}},
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        },
    )


def _members_are_published_one_by_one(patch: pytest.MonkeyPatch) -> None:
    """A group's pointers are confirmed member by member."""
    confirm = Pointers.confirm

    def confirmed(self: Pointers, moves: list[Move], *, run: str) -> None:
        for move in moves:
            confirm(self, [move], run=run)

    patch.setattr(Pointers, "confirm", confirmed)


def _what_was_before_is_not_kept(patch: pytest.MonkeyPatch) -> None:
    """A view that was moved cannot be put back."""
    patch.setattr(Publisher, "_save_before", lambda *_: None)


def _removed_moments_are_free_again(patch: pytest.MonkeyPatch) -> None:
    """A snapshot that was removed leaves nothing, so its moment may be claimed again."""

    def forget(self: Snapshots, snapshot: str) -> None:
        self._client.delete_item(TableName=self._table, Key=self._key(snapshot))

    patch.setattr(Snapshots, "forget", forget)


def _locks_are_released_whoever_holds_them(patch: pytest.MonkeyPatch) -> None:
    """Close releases the lock of its run even if that is not being closed any more."""
    releasing = Lock._releasing
    patch.setattr(
        Lock, "_releasing", lambda self, run, _, values: releasing(self, run, "#run = :run", values)
    )


def _close_takes_every_end_for_the_last(patch: pytest.MonkeyPatch) -> None:
    """Close ends whatever there is of a run, redriven or not."""
    close = Closer.close

    def closed(self: Closer, end: ExecutionEnd, *, now: datetime) -> None:
        records = [runs.get(name, end.run) for runs, name in self._kept_in()]
        last = max((record.redrive for record in records if record is not None), default=end.redrive)
        close(self, end.model_copy(update={"redrive": last}), now=now)

    patch.setattr(Closer, "close", closed)


def _records_are_ended_last(patch: pytest.MonkeyPatch) -> None:
    """A run that is being closed may still be entered until close is done."""
    close, ending = Closer.close, Closer._end

    def looked_at(self: Closer, end: ExecutionEnd, now: datetime) -> list[RunRecord]:
        return [self._recorded(runs, name, end, now) for runs, name in self._kept_in()]

    def closed(self: Closer, end: ExecutionEnd, *, now: datetime) -> None:
        close(self, end, now=now)
        ending(self, end, now)

    patch.setattr(Closer, "_end", looked_at)
    patch.setattr(Closer, "close", closed)


def _late_views_are_left(patch: pytest.MonkeyPatch) -> None:
    """Whoever stages a view when its run is over leaves it there."""
    patch.setattr("lakeshot.steps.verifying_readable.LockLostError", RuntimeError)


def _only_records_that_a_redrive_came_to_are_closed(patch: pytest.MonkeyPatch) -> None:
    """A redrive that was closed may still open the records that it had not come to."""
    closing = RunTable.closing

    def closed(self: RunTable, export: str, run: str, **fields: Any) -> Any:
        entry = closing(self, export, run, **fields)
        entry["Update"]["ConditionExpression"] += " AND #state <> :state"
        return entry

    patch.setattr(RunTable, "closing", closed)


def _whoever_is_over_may_claim(patch: pytest.MonkeyPatch) -> None:
    """A moment is claimed whatever the run's record says."""
    patch.setattr(
        "lakeshot.runs.snapshots.write_together", lambda client, entries: write_together(client, entries[1:])
    )


FOUND_BY_THE_MACHINE: dict[Mutation, str] = {
    _moves_are_not_announced: "^view left shows .*, the pointer says {None}",
    _close_does_not_fence_off: "is held by run-., which is over",
    _doom_is_not_said: "is gone, its snapshot is verified",
}
"""What breaks without a safeguard, by whichever order of calls."""
TOLD_BY_A_STORY: dict[Mutation, tuple[Callable[[Story], None], str]] = {
    _enters_whatever_closes: (
        stories.a_publication_that_begins_while_its_run_is_being_closed,
        r"^view left shows .*, which is doomed",
    ),
    _locks_need_no_living_record: (
        stories.a_plan_that_takes_its_lock_while_it_is_closed,
        "^export#left is held by run-1, which is over",
    ),
    _views_have_no_fence: (
        stories.a_publication_that_moves_the_view_after_it_was_closed,
        r"^view left shows .*, the pointer says {None}",
    ),
    _close_puts_nothing_back: (
        stories.a_publication_that_was_stopped_when_the_view_was_moved,
        r"still is being moved",
    ),
    _what_was_before_is_not_kept: (
        stories.a_publication_that_was_stopped_when_the_view_was_moved,
        r"^view left shows .*, the pointer says {None}",
    ),
    _members_are_published_one_by_one: (
        stories.a_publication_of_a_group_that_was_stopped_in_between,
        r"^the group's views show two moments",
    ),
    _removed_moments_are_free_again: (
        stories.a_close_that_wakes_up_after_a_redrive,
        r"^view left shows .* with the rows \[\]",
    ),
    _whoever_is_over_may_claim: (stories.a_plan_that_claims_its_moment_after_it_was_closed, r" is claimed"),
    _locks_are_released_whoever_holds_them: (
        stories.a_close_that_is_about_to_release_the_lock_when_the_run_is_redriven,
        "was taken from run-1, which was neither closed nor reported",
    ),
    _close_takes_every_end_for_the_last: (
        stories.a_close_of_an_end_after_which_the_run_was_redriven,
        r"^the record of run-1 says ABORTED, and it is running",
    ),
    _records_are_ended_last: (
        stories.a_plan_that_takes_its_lock_while_it_is_closed,
        r"^export#left is held by run-1, which is over",
    ),
    _only_records_that_a_redrive_came_to_are_closed: (
        stories.a_member_that_comes_to_a_redrive_only_when_that_was_closed,
        "^export#right is held by run-1, which is over",
    ),
    _late_views_are_left: (
        stories.a_verification_that_goes_on_after_its_run_was_closed,
        r"^staged views are left",
    ),
}
"""What takes an order so rare that it has to be told."""


def _name(given: object) -> str | None:
    return str(getattr(given, "__name__", "")).strip("_") or None


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(("mutation", "broken"), FOUND_BY_THE_MACHINE.items(), ids=_name)
def test_without_a_safeguard_the_machine_finds_what_goes_wrong(
    mutation: Mutation, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It needs no more than so many examples."""
    mutation(monkeypatch)
    with pytest.raises(BrokenError, match=broken):
        run_state_machine_as_test(
            Runs,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=40,
                derandomize=True,
                database=None,
                deadline=None,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            ),
        )


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("mutation", "tell", "broken"), [(one, *how) for one, how in TOLD_BY_A_STORY.items()], ids=_name
)
def test_without_a_safeguard_a_story_ends_badly(
    mutation: Mutation, tell: Callable[[Story], None], broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that is told of it."""
    mutation(monkeypatch)
    with pytest.raises(BrokenError, match=broken):
        tell(Story())
