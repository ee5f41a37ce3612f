"""Step 4: see that the catalog says of the snapshot what the manifest says."""

from lakeshot.steps.cataloguing import Cataloguer
from lakeshot.steps.handler import step
from lakeshot.steps.messages import Catalogued, StepInput
from lakeshot.steps.opening_lake import open_lake
from lakeshot.steps.services import Services

services = Services.of_function()


@step(StepInput)
def handler(given: StepInput) -> Catalogued:
    """Register the snapshot, after the crawl where there was one."""
    run = services.enter(given.plan, given.redrive)
    services.runs.update(run.plan.deployed.export, run.plan.run, step="catalog")
    cataloguer = Cataloguer(s3=services.s3, glue=services.glue, lake=open_lake(services, run.plan.deployed))
    query = cataloguer.catalogue(run)
    return Catalogued(query=query, database=run.plan.deployed.database, workgroup=services.names.workgroup)
