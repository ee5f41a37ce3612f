"""The end of every run that did not succeed."""

from datetime import UTC, datetime

from lakeshot.errors import PayloadError
from lakeshot.steps.closing import undeployed_notice
from lakeshot.steps.handler import step
from lakeshot.steps.messages import CloseInput, ExecutionEnd
from lakeshot.steps.opening_closer import open_closer
from lakeshot.steps.services import Services

services = Services.of_function()


@step(CloseInput)
def handler(given: CloseInput) -> None:
    """Close the run; one that names nothing deployed has left nothing behind."""
    end = given.detail
    if given.is_event:
        seen = services.liveness.look(end.execution_arn)
        if seen is not None and seen.running and seen.redrive > end.redrive:
            return  # it was redriven since, and its next end will be told again
        if seen is not None and not seen.running:
            told = ExecutionEnd.model_validate(seen.detail).model_dump(exclude_unset=True)
            end = end.model_copy(update={**told, "redrive": max(end.redrive, seen.redrive)})
    try:
        closer = open_closer(services, end)
    except PayloadError:
        if given.is_event:
            services.notify(*undeployed_notice(end))
        return
    closer.close(end, now=datetime.now(UTC))
