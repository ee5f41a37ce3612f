"""DynamoDB's own exports, as tests need them."""

from datetime import datetime

from lakeshot.dynamodb.raw_export import RawExport
from tests.unit.conftest import BUCKET, NOON


def raw_export(*, table_arn: str = "arn:Reviews", export_time: datetime = NOON) -> RawExport:
    """A finished export of a table."""
    return RawExport(
        arn=f"{table_arn}/export/0123-abcd",
        table_arn=table_arn,
        export_time=export_time,
        bucket=BUCKET,
        manifest_key="dynamodb_exports/reviews/AWSDynamoDB/0123-abcd/manifest-summary.json",
        items=2,
        billed_bytes=1000,
    )
