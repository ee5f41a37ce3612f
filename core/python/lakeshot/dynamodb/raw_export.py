"""DynamoDB's own exports of a table, as the run's files in S3 remember them."""

from datetime import datetime

from lakeshot.model import Model


class StartedExport(Model):
    """An export that a run has asked for."""

    arn: str


class RawExport(Model):
    """A finished export: what DynamoDB wrote, as its own manifest lists it.

    ``manifest_key`` is the S3 key of the manifest's summary, ``items`` the number of items exported and
    ``billed_bytes`` what the export is charged for.
    """

    arn: str
    table_arn: str
    export_time: datetime
    bucket: str
    manifest_key: str
    items: int
    billed_bytes: int
