"""Step 4: see that the catalog says of the snapshot what the manifest says."""

from lakeshot.commit.manifest import Manifest
from lakeshot.errors import CatalogError
from lakeshot.lake.open import open_lake
from lakeshot.runs.plan import Plan
from lakeshot.steps.handler import step
from lakeshot.steps.messages import CatalogInput, Catalogued
from lakeshot.steps.services import Services
from lakeshot.stored import load

services = Services.of_function()


@step(CatalogInput)
def handler(given: CatalogInput) -> Catalogued:
    """Register the snapshot, after the crawl where there was one."""
    plan = load(services.s3, given.plan, Plan)
    if given.crawl is not None and given.crawl.status != "SUCCEEDED":
        raise CatalogError(
            f"crawler {plan.deployed.names.resource!r} ended {given.crawl.status}: "
            f"{given.crawl.message or 'no reason given'}"
        )
    manifest = load(services.s3, plan.manifest_uri, Manifest)
    services.runs.update(plan.deployed.export, plan.run, step="verify readable")
    services.lock(plan.deployed).check(run=plan.run, fence=plan.fence)
    lake = open_lake(services, plan.deployed)
    lake.register(manifest)
    services.lock(plan.deployed).check(run=plan.run, fence=plan.fence)
    return Catalogued(
        query=lake.count_query(manifest),
        database=plan.deployed.database,
        workgroup=services.names.workgroup,
    )
