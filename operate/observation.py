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
        """Whether nothing more will happen: the record, if there is one, says the end too."""
        return self.ended and (self.record is None or self.record.state is not RunState.RUNNING)

    @property
    def apart(self) -> bool:
        """Whether several exports are each at a step of their own now."""
        return self.target.group is not None and not self.ended and self.step in BY_MEMBER
