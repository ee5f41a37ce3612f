"""Step 6: let the views show the verified snapshots, all of the run's or none."""

from lakeshot.lake.open import open_group_view, open_lake
from lakeshot.runs.pointers import Move
from lakeshot.steps.handler import step
from lakeshot.steps.messages import RunInput
from lakeshot.steps.publishing import ExportView, Publisher
from lakeshot.steps.publishing_group import group_view
from lakeshot.steps.services import Services

services = Services.of_function()


@step(RunInput)
def handler(given: RunInput) -> None:
    """Publish the run's snapshots."""
    runs = [services.enter(plan, given.redrive) for plan in given.plans]
    moves = [
        Move(export=run.plan.deployed.export, snapshot=run.plan.snapshot, fence=run.fence) for run in runs
    ]
    # Of two invocations only the later one may write the views: each must know what it can put back.
    # One that comes when all is done must not shut out the steps that follow.
    if anew := not services.pointers.arrived(moves):
        runs = [services.enter(plan, given.redrive, anew=True) for plan in given.plans]
    for run in runs:
        services.runs.update(run.plan.deployed.export, run.plan.run, step="publish")
    first = runs[0].plan
    views = [
        ExportView(
            export=run.plan.deployed.export,
            lake=open_lake(services, run.plan.deployed),
            fence=run.fence,
            snapshot=run.plan.snapshot,
            rows=run.manifest().rows,
            run_uri=run.plan.run_uri,
        )
        for run in runs
    ]
    group = None
    if first.group is not None:
        fence = services.enter_group(first.group, first.run, given.redrive, anew=anew)
        group = group_view(runs, open_group_view(services, first.group), fence=fence)
    publisher = Publisher(s3=services.s3, pointers=services.pointers, run=first.run)
    publisher.publish(views, group, allow_older=first.allow_older)
