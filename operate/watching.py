"""Following a run until it is over."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from lakeshot.runs.snapshots import Snapshots
from operate.execution import Execution
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
    meter = PaceMeter()
    ended_at: datetime | None = None
    try:
        while True:
            seen = execution.observe(clock.now())
            view.show(seen, meter.measure(seen.record))
            if seen.ended and ended_at is None:
                ended_at = seen.at
            if seen.closed or (ended_at is not None and seen.at - ended_at >= CLOSING):
                return seen
            clock.sleep(POLL_SECONDS)
    finally:
        view.close()


def closing_words(execution: Execution, seen: Observation, *, linked: bool = True) -> str:
    """The summary of a run that is over, with where to look further unless that is not ``linked``."""
    deployed, clients = execution.deployed, execution.clients
    published = Snapshots(
        clients.tables, table=deployed.stage_names.run_table, export=deployed.export
    ).published()
    found = run_links(execution, job_run_id=execution.job_run_id()) if linked else {}
    return summary(seen, published=published, links=found)


def run_links(execution: Execution, *, job_run_id: str | None = None) -> dict[str, str]:
    """Where to look at a run, and at its job run if that is known."""
    return links(
        execution_arn=execution.arn,
        job=execution.deployed.names.resource,
        job_run_id=job_run_id,
        endpoint_url=execution.clients.endpoint_url,
    )
