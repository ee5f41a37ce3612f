"""The JSON an execution is started with: by the schedule, or pasted by a person."""

from typing import Annotated

from pydantic import Field, ValidationError

from lakeshot.config.errors import field_errors
from lakeshot.config.exports import ExportName
from lakeshot.dynamodb.source import MaxReadUnits, ReadPercentage
from lakeshot.errors import PayloadError
from lakeshot.files import FileFormat
from lakeshot.model import Model


class Payload(Model):
    """What one run shall do.

    Export, job, crawler, source table, destination and format have to be the deployed export's own.
    The rest may be changed for one run: rate (``read_percentage``, ``max_read_units`` in read units
    per second, ``consistent_read``), ``workers`` and ``timeout_minutes`` of the Glue job.
    ``scheduled_time`` is the schedule's own instant; absent when a person starts the run.
    """

    export: ExportName
    job: str
    crawler: str
    source_table: str
    read_percentage: ReadPercentage
    max_read_units: MaxReadUnits | None = None
    consistent_read: bool = False
    destination: str
    format: FileFormat
    scheduled_time: str | None = None
    workers: Annotated[int, Field(ge=2, le=299)] | None = None
    timeout_minutes: Annotated[int, Field(ge=1, le=10080)] | None = None


def parse_payload(document: object) -> Payload:
    """The payload an execution's input holds; PayloadError says which field is wrong and why."""
    try:
        return Payload.model_validate(document)
    except ValidationError as error:
        raise PayloadError(f"the payload cannot be used: {field_errors(error, Payload)}") from error
