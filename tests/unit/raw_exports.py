"""DynamoDB's own exports, as tests need them."""

from collections.abc import Sequence
from datetime import datetime

from lakeshot.dynamodb.raw_export import RawExport, RawExports
from lakeshot.dynamodb.windows import Window
from tests.unit.conftest import BUCKET, NOON


def raw_export(*, table_arn: str = "arn:Reviews", number: int = 0, window: Window | None = None) -> RawExport:
    """A finished export of a table; those of one run have a number each."""
    name = f"0123-abc{number}"
    return RawExport(
        arn=f"{table_arn}/export/{name}",
        table_arn=table_arn,
        bucket=BUCKET,
        manifest_key=f"dynamodb_exports/reviews/AWSDynamoDB/{name}/manifest-summary.json",
        items=2,
        billed_bytes=1000,
        window=window,
    )


def raw_exports(
    *,
    table_arn: str = "arn:Reviews",
    export_time: datetime = NOON,
    follows: str | None = None,
    windows: Sequence[Window] = (),
) -> RawExports:
    """The finished exports of a run: a full one, or one for each window."""
    return RawExports(
        export_time=export_time,
        follows=follows,
        exports=tuple(
            raw_export(table_arn=table_arn, number=number, window=window)
            for number, window in enumerate(windows or (None,))
        ),
    )
