"""DynamoDB's own exports of a table, as the run's files in S3 remember them."""

from datetime import datetime

from lakeshot.dynamodb.windows import Window
from lakeshot.model import Model


class StartedExport(Model):
    """An export that a run has asked for."""

    arn: str


class RawExport(Model):
    """A finished export: what DynamoDB wrote, as its own manifest lists it.

    ``manifest_key`` is the S3 key of the manifest's summary, ``items`` the number of items exported and
    ``billed_bytes`` what the export is charged for. ``window`` is what an incremental export covers, None
    for a full one.
    """

    arn: str
    table_arn: str
    bucket: str
    manifest_key: str
    items: int
    billed_bytes: int
    window: Window | None = None


class RawExports(Model):
    """All exports of one run: a full one, or those of the windows since the snapshot that it ``follows``.

    ``export_time`` is the instant as of which they show the table.
    """

    export_time: datetime
    follows: str | None = None
    exports: tuple[RawExport, ...]
