"""Step 2 of runs that do not scan: have DynamoDB export the table; called again until that has ended."""

from datetime import UTC, datetime

from lakeshot.steps.handler import step
from lakeshot.steps.messages import NativeExportInput, NativeExportState
from lakeshot.steps.native_exporting import NativeExporter
from lakeshot.steps.services import Services

services = Services.of_function()


@step(NativeExportInput)
def handler(given: NativeExportInput) -> NativeExportState:
    """Start the export, or see how it stands."""
    plan = services.enter(given.plan, given.redrive).plan
    exporter = NativeExporter(
        s3=services.s3, source=services.source_dynamodb(plan.deployed.job_role_arn), plan=plan
    )
    state, finished = exporter.advance(waited=given.waited, now=datetime.now(UTC))
    if finished is not None:
        services.runs.update(
            plan.deployed.export,
            plan.run,
            step="read",
            rows_expected=sum(export.items for export in finished.exports),
            expected_from="the item count of DynamoDB's own export",
            exported_bytes=sum(export.billed_bytes for export in finished.exports),
        )
    return state
