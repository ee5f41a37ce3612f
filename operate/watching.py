"""Following a run until it is over."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from lakeshot.config.deployed import Deployed
from lakeshot.runs.pointers import Pointers
from lakeshot.runs.records import RunState
from operate.execution import Execution
from operate.flow import Step
from operate.links import links
from operate.observation import Observation
from operate.pace import PaceMeter
from operate.summary import summary
from operate.views import View

POLL_SECONDS = 1.0
CLOSING = timedelta(minutes=3)
"""How long the close step may take after an execution was stopped or ran out of time."""


class Clock(Protocol):
    """Time as the commands see it."""

    def now(self) -> datetime:
        """The present instant, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def follow(execution: Execution, view: View, clock: Clock) -> Observation:
    """Show a run until it is over and closed, and return what was seen last.

    An execution that was stopped is closed by an event after its end; if that takes longer than
    CLOSING, the last look is returned as it is.
    """
    meters = {deployed.export: PaceMeter() for deployed in execution.target.members}
    ended_at: datetime | None = None
    try:
        while True:
            seen = execution.observe(clock.now())
            view.show(
                seen,
                {
                    member.deployed.export: pace
                    for member in seen.members
                    if (pace := meters[member.deployed.export].measure(member.record)) is not None
                },
            )
            if seen.ended and ended_at is None:
                ended_at = seen.at
            if seen.closed or (ended_at is not None and seen.at - ended_at >= CLOSING):
                return seen
            clock.sleep(POLL_SECONDS)
    finally:
        view.close()


def closing_words(execution: Execution, seen: Observation, *, linked: bool = True) -> str:
    """The summary of a run that is over, with where to look further unless that is not ``linked``."""
    pointers = Pointers(execution.clients.tables, table=execution.table)
    published = {
        deployed.export: pointers.of(deployed.export).snapshot for deployed in execution.target.members
    }
    return summary(seen, published=published, links=run_links(execution, seen) if linked else {})


def run_links(execution: Execution, seen: Observation | None = None) -> dict[str, str]:
    """Where to look at a run; once it was ``seen``, at the job run of its export, too.

    Of a group, these are the job runs of the members that were still reading when it ended.
    """

    def found(deployed: Deployed, job_run_id: str | None) -> dict[str, str]:
        return links(
            execution_arn=execution.arn,
            job=deployed.names.resource,
            job_run_id=job_run_id,
            endpoint_url=execution.clients.endpoint_url,
        )

    first, *_ = execution.target.members
    if seen is None:
        return found(first, None)
    if execution.target.group is None:
        return found(first, execution.job_run_id(first))
    shown = found(first, None)
    for member in seen.members:
        if seen.state is not RunState.SUCCEEDED and member.step is Step.READ:
            told = found(member.deployed, execution.job_run_id(member.deployed))
            shown |= {
                f"{what} ({member.deployed.export})": where
                for what, where in told.items()
                if what != "execution"
            }
    return shown
