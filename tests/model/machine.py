"""Runs, crashes and retries in any order, one API call at a time."""

import re
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.model.actors import Actor, Fault
from tests.model.executions import Execution
from tests.model.invariants import Invariants
from tests.model.job import KINDS
from tests.model.world import EXPORTS, World, moment

MOST_RUNS = 3
"""How many run at once; one more would only be refused the same way."""
LONGEST = 1_500
"""Calls after which something that should have ended never will."""
WHICH = st.integers(0, 7)
SOME = st.sampled_from([1, 1, 2, 3, 5, 8, 13, 21, 34])
CHANGE = re.compile(r"\.(put|update|delete|create|transact|upload|complete|abort|wait)")
KIND = st.sampled_from(sorted(KINDS))
FAULTS = st.sampled_from([Fault.REFUSED, Fault.LOST, Fault.TWICE])


class Runs(RuleBasedStateMachine):
    """Two exports that may run alone or as a group, whoever comes first.

    Invariants are looked at after every call. In the end everybody comes to rest without further
    faults, and nothing may be left.
    """

    world: World
    readers: Invariants
    whose: tuple[str, ...]
    last: int | None
    is_broken = False

    @initialize(
        retain=st.integers(1, 2),
        whose=st.sampled_from([("left",), ("group",), ("left", "group")]),
        published=st.integers(0, 2),
        kind=KIND,
        last=st.sampled_from([None, 0, -1]),
        unread=st.sampled_from([(), (), (), ("left",), ("right",)]),
    )
    def begin(
        self,
        retain: int,
        whose: tuple[str, ...],
        published: int,
        kind: str,
        last: int | None,
        *,
        unread: tuple[str, ...],
    ) -> None:
        """``last`` says who goes on first in the end: the oldest, the newest, or all by turns."""
        self.world = World(retain=retain, unread=unread)
        self.readers = Invariants(self.world, only_groups=whose == ("group",))
        self.whose, self.last = whose, last
        for number in range(published):
            self._start(whose[-1], number, kind)
            self._rest()

    @precondition(lambda self: len(self._running()) < MOST_RUNS)
    @rule(
        which=WHICH,
        kind=KIND,
        seconds=st.sampled_from([60, 1, 0, -90]),
        older=st.booleans(),
        scheduled=st.sampled_from([None, None, "2026-11-21T12:00:00Z"]),
    )
    def start(self, which: int, kind: str, seconds: int, *, older: bool, scheduled: str | None) -> None:
        """A run starts, now or, what comes to the same, a while ago."""
        number = len(self.world.executions)
        whose = self.whose[which % len(self.whose)]
        self._start(whose, number, kind, seconds, allow_older=older, scheduled_time=scheduled)

    @precondition(lambda self: len(self._running()) < MOST_RUNS and self._retained())
    @rule(which=WHICH, whose=WHICH)
    def start_rollback(self, which: int, whose: int) -> None:
        """Somebody wants to see an earlier snapshot again."""
        snapshots = self._retained()
        number = len(self.world.executions)
        snapshot = snapshots[which % len(snapshots)]
        name = self.whose[whose % len(self.whose)]
        self._start(name, number, "numbers", mode="rollback", snapshot=snapshot)

    @precondition(lambda self: self.world.live)
    @rule(which=WHICH, calls=SOME)
    def go_on(self, which: int, calls: int) -> None:
        """Somebody makes some calls."""
        actor = self._live(which)
        for _ in range(calls):
            if not actor.ended:
                self._step(actor)

    @precondition(lambda self: self.world.live)
    @rule(which=WHICH, changes=st.integers(1, 8))
    def go_up_to(self, which: int, changes: int) -> None:
        """Somebody is held up just before it changes something."""
        actor = self._live(which)
        while not actor.ended and changes > 0:
            self._step(actor)
            changes -= CHANGE.search(actor.next_call) is not None

    @precondition(lambda self: self.world.live)
    @rule(which=WHICH)
    def finish(self, which: int) -> None:
        """Somebody comes to the end."""
        actor = self._live(which)
        self._until_ended(actor)

    @precondition(lambda self: self._running())
    @rule(which=WHICH, states=st.integers(1, 8))
    def proceed(self, which: int, states: int) -> None:
        """An execution goes through some states."""
        self._proceed(self._running()[which % len(self._running())], states)

    @precondition(lambda self: self.world.live)
    @rule(which=WHICH, fault=FAULTS)
    def go_wrong(self, which: int, fault: Fault) -> None:
        """A call goes wrong."""
        self._step(self._live(which), fault)

    @precondition(lambda self: self.world.live)
    @rule(which=WHICH, retried=st.booleans())
    def kill(self, which: int, *, retried: bool) -> None:
        """A process dies."""
        self.world.kill(self._live(which), retried=retried)
        self._check()

    @precondition(lambda self: self.world.live)
    @rule(which=WHICH)
    def retry(self, which: int) -> None:
        """An answer gets lost, so the same step is started again beside itself."""
        self.world.retry(self._live(which))

    @precondition(lambda self: self._running())
    @rule(which=WHICH, status=st.sampled_from(["ABORTED", "TIMED_OUT"]), told=st.integers(0, 2))
    def abort(self, which: int, status: str, told: int) -> None:
        """An execution is stopped, and what it has at work goes on; close may hear of it at once."""
        self.world.abort(self._running()[which % len(self._running())], status)
        for _ in range(told):
            self.world.deliver(self.world.events[-1])
        self._check()

    @precondition(lambda self: self.world.events)
    @rule(which=WHICH, again=st.booleans())
    def deliver(self, which: int, *, again: bool) -> None:
        """Close hears of an end, perhaps not for the last time."""
        event = self.world.events[which % len(self.world.events)]
        if not again:
            self.world.events.remove(event)
        self.world.deliver(event)

    @precondition(lambda self: self._redrivable())
    @rule(which=WHICH, states=st.integers(0, 8))
    def redrive(self, which: int, states: int) -> None:
        """Somebody has an execution go on that was stopped."""
        execution = self._redrivable()[which % len(self._redrivable())]
        self.world.redrive(execution)
        self._proceed(execution, states)

    @precondition(lambda self: self._queries())
    @rule(which=WHICH)
    def run_query(self, which: int) -> None:
        """Athena does what it was asked to, whether or not anybody waits for it."""
        queries = self._queries()
        self.world.athena.run(queries[which % len(queries)])
        self._check()

    def teardown(self) -> None:
        """Everything comes to rest."""
        try:
            if hasattr(self, "world") and not self.is_broken:
                self._rest()
                self._hold_at_rest()
        finally:
            if hasattr(self, "world"):
                self.world.shut_down()

    def _start(self, whose: str, number: int, kind: str, seconds: int = 60, **options: Any) -> Execution:
        exports = self.world.exports
        payload: Any = (
            self.world.group.payload([exports[name] for name in EXPORTS])
            if whose == "group"
            else exports[whose].payload()
        )
        given = payload.model_dump(mode="json") | options
        at = moment(number) + timedelta(seconds=seconds - 60)
        return self.world.start(given, at, kind)

    def _rest(self) -> None:
        """Everybody goes on to the end, ends are told, and close is tried until it is done."""
        for _ in range(60):
            for query in self._queries():
                self.world.athena.run(query)
                self._check()
            while self.world.live:
                for actor in self.world.live if self.last is None else [self.world.live[self.last]]:
                    if not actor.ended:
                        self._step(actor)
            if not self.world.events and not self._unclosed():
                return
            for execution in self._unclosed():
                self.world.deliver(self.world.event(execution))
            for event in self.world.events:
                self.world.deliver(event)
            self.world.events.clear()
        self.is_broken = True
        raise AssertionError("\n".join([*self.world.trace[-200:], "close never comes to its end"]))

    def _unclosed(self) -> list[Execution]:
        ended = [one for one in self.world.executions.values() if not one.is_running]
        return [one for one in ended if one.status != "SUCCEEDED" and not one.closed]

    def _hold_at_rest(self) -> None:
        self.readers.check_at_rest()

    def _proceed(self, execution: Execution, states: int) -> None:
        for _ in range(states):
            for actor in list(execution.at_work.values()):
                self._until_ended(actor)

    def _until_ended(self, actor: Actor) -> None:
        for _ in range(LONGEST):
            if actor.ended:
                return
            self._step(actor)
        self.is_broken = True
        raise AssertionError(f"{actor.label} never ends")

    def _step(self, actor: Actor, fault: Fault = Fault.NONE) -> None:
        try:
            self.world.step(actor, fault)
        except BaseException:
            self.is_broken = True
            raise
        self._check()

    def _check(self) -> None:
        try:
            self.readers.check()
        except AssertionError:
            self.is_broken = True
            raise

    def _live(self, which: int) -> Actor:
        live = self.world.live
        return live[which % len(live)]

    def _running(self) -> list[Execution]:
        return [one for one in self.world.executions.values() if one.is_running]

    def _redrivable(self) -> list[Execution]:
        ended = [one for one in self.world.executions.values() if not one.is_running]
        return [one for one in ended if one.status != "SUCCEEDED" and one.redrives < 2]

    def _retained(self) -> list[str]:
        items = self.world.dynamodb.items.items()
        found = {
            sort.removeprefix("snapshot#")
            for (_, sort), item in items
            if sort.startswith("snapshot#") and item.get("state") == {"S": "verified"}
        }
        return sorted(found)

    def _queries(self) -> list[str]:
        return [name for name, query in self.world.athena.queries.items() if not query.done]
