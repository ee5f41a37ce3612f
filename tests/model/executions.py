"""Executions of the state machine: which state follows which, and what an end does to those at work.

The way is that of ``stacks.constructs.flow``; ``test_executions`` holds the two against each other.
"""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from tests.model.actors import Actor

WAY = ("Plan", "Members", "Publish", "Retain", "Report")
MEMBER_WAY = ("ExportTable", "VerifyFiles", "Catalog", "CountRows", "VerifyReadable")
UNREAD_WAY = ("ExportTable", "VerifyFiles", "VerifyReadable")
"""The way of a member whose files no engine reads."""
WHOLE = -1
"""The slot of a state that is not within the map over the members."""


@dataclass
class Branch:
    """One member's way through the map. ``catalogued`` and ``query`` are what its states left there."""

    member: dict[str, Any]
    state: str | None
    query: str | None = None
    catalogued: dict[str, Any] | None = None

    @property
    def following(self) -> str | None:
        """The state after the present one; None at the end of the way."""
        way = MEMBER_WAY if self.member["readable"] else UNREAD_WAY
        return dict(pairwise(way)).get(str(self.state))


@dataclass
class Execution:
    """One execution; ``at_work`` are the invocations whose answers it waits for, by slot.

    ``ended_at`` and ``closed`` tell of its last end: when that was, and whether it was closed since.
    """

    name: str
    arn: str
    input: dict[str, Any]
    started_at: datetime
    status: str = "RUNNING"
    redrives: int = 0
    state: str = "Plan"
    planned: dict[str, Any] = field(default_factory=dict)
    branches: list[Branch] = field(default_factory=list)
    error: str | None = None
    cause: str | None = None
    at_work: dict[int, Actor] = field(default_factory=dict)
    attempts: int = 0
    ended_at: int = -1
    closed: bool = False

    @property
    def is_running(self) -> bool:
        return self.status == "RUNNING"

    @property
    def exports(self) -> list[str]:
        """The exports that its input names."""
        members = self.input.get("members")
        return [one["export"] for one in members] if members else [self.input["export"]]

    def state_of(self, slot: int) -> str:
        """The state that a slot is in."""
        return self.state if slot == WHOLE else str(self.branches[slot].state)
