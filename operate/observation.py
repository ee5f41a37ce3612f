"""What is seen of a run at one instant."""

from dataclasses import dataclass
from datetime import datetime

from lakeshot.config.deployed import Deployed
from lakeshot.runs.records import RunRecord, RunState
from lakeshot.steps.failure import Failure
from operate.flow import BY_MEMBER, Step
from operate.target import Target


@dataclass(frozen=True)
class MemberSeen:
    """How one export of a run stands. ``record`` is None until the plan step has written one."""

    deployed: Deployed
    step: Step
    record: RunRecord | None = None


@dataclass(frozen=True)
class Observation:
    """One look at a run.

    ``state`` is the execution's own, which is ahead of the record's while a failed run is being
    closed. ``record`` is the run's as a whole, and the only member's if it runs one export; None until
    the plan step has written one. ``step`` is the one that the run as a whole is in. ``failure`` is set
    once the execution ended without success.
    """

    run: str
    target: Target
    at: datetime
    started_at: datetime
    ended_at: datetime | None
    state: RunState
    step: Step
    members: tuple[MemberSeen, ...]
    record: RunRecord | None = None
    failure: Failure | None = None

    @property
    def ended(self) -> bool:
        """Whether the execution is over."""
        return self.state is not RunState.RUNNING

    @property
    def closed(self) -> bool:
        """Whether nothing more will happen: the record says that the run succeeded, or why it did not.

        The close step writes the reason last, after everything of the run was removed. It writes a record
        for a run that ended before it had one, so until there is one, the run is not closed.
        """
        if not self.ended or self.record is None:
            return False
        return self.record.state is RunState.SUCCEEDED or self.record.error is not None

    @property
    def apart(self) -> bool:
        """Whether several exports are each at a step of their own now."""
        return self.target.group is not None and not self.ended and self.step in BY_MEMBER
