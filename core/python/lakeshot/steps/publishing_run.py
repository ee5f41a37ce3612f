"""The publish step: a whole run is entered under the number it publishes with, and its views are moved."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.lake import Lake
from lakeshot.steps.entering import EnteredRun
from lakeshot.steps.messages import RunInput
from lakeshot.steps.publishing import ExportView, Publisher
from lakeshot.steps.publishing_group import group_view
from lakeshot.steps.services import Services

if TYPE_CHECKING:
    from lakeshot.lake.staged_view import StagedView


def publish_run(
    services: Services,
    given: RunInput,
    *,
    open_lake: Callable[[Services, Deployed], Lake],
    open_group_view: Callable[[Services, DeployedGroup], "StagedView"],
) -> None:
    """Let the views show the run's verified snapshots, all or none (see ``Publisher.publish``)."""
    runs = [services.enter(plan, given.redrive) for plan in given.plans]
    first = runs[0].plan
    # Of two invocations only the later one may write the views: each must know what it can put back.
    # One that comes when all is done must not shut out the steps that follow.
    exports = [run.plan.deployed.export for run in runs]
    if anew := not services.pointers.arrived(exports, first.snapshot):
        runs = [services.enter(plan, given.redrive, anew=True) for plan in given.plans]
    for run in runs:
        services.runs.update(run.plan.deployed.export, run.plan.run, step="publish")
    views = [_view(run, _lake(services, run, open_lake)) for run in runs]
    group = None
    if first.group is not None:
        fence = services.enter_group(first.group, first.run, given.redrive, anew=anew)
        group = group_view(runs, open_group_view(services, first.group), fence=fence)
    publisher = Publisher(s3=services.s3, pointers=services.pointers, run=first.run)
    publisher.publish(views, group, allow_older=first.allow_older)


def _lake(
    services: Services, run: EnteredRun, open_lake: Callable[[Services, Deployed], Lake]
) -> Lake | None:
    deployed = run.plan.deployed
    return open_lake(services, deployed) if deployed.format.is_readable else None


def _view(run: EnteredRun, lake: Lake | None) -> ExportView:
    rows_shown = run.snapshot().rows_shown
    return ExportView(
        export=run.plan.deployed.export,
        lake=lake,
        fence=run.fence,
        snapshot=run.plan.snapshot,
        # What was verified by an earlier version was whole, and nobody counted its view.
        rows=run.manifest().rows if rows_shown is None else rows_shown,
        run_uri=run.plan.run_uri,
    )
