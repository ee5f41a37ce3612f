"""One execution with what its payload names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.config.payload import Payload, RunOptions
from lakeshot.runs.keys import export_key, group_key
from lakeshot.runs.records import RunRecord, RunState


@dataclass(frozen=True)
class PlannedRun:
    """The exports that an execution runs, and their group if they run as one."""

    name: str
    execution_arn: str
    started_at: datetime
    redrive: int
    group: DeployedGroup | None
    options: RunOptions
    exports: Sequence[tuple[Payload, Deployed]]

    @property
    def partition(self) -> str:
        """Partition of the run table that tells this run from others of its kind."""
        return group_key(self.group.group) if self.group else export_key(self.exports[0][0].export)

    def record(self, name: str, members: tuple[str, ...] | None = None) -> RunRecord:
        """The record with which the run begins, of one export or, with its ``members``, of the group."""
        return RunRecord(
            run=self.name,
            export=name,
            execution_arn=self.execution_arn,
            state=RunState.RUNNING,
            step="plan",
            started_at=self.started_at,
            redrive=self.redrive,
            group=self.group.group if self.group else None,
            members=members,
            mode=self.options.mode,
            scheduled_time=self.options.scheduled_time,
        )
