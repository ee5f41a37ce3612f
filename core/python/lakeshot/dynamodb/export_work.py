"""The conversion of DynamoDB's own exports as the work of one run: those it was planned to read, whole."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lakeshot.dynamodb.export_manifest import read_manifest
from lakeshot.dynamodb.export_parts import ExportPart, export_parts
from lakeshot.dynamodb.export_run import ExportWorker
from lakeshot.dynamodb.raw_export import RawExports
from lakeshot.dynamodb.table_run import Work
from lakeshot.dynamodb.windows import Window
from lakeshot.errors import SourceError
from lakeshot.names import snapshot_name
from lakeshot.runs.plan import NativeReading

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def export_work(
    s3: "S3Client", reading: NativeReading, finished: RawExports, *, slots: int
) -> Work[ExportPart]:
    """The files that the exports' own manifests name, for a job that works on ``slots`` parts at a time.

    SourceError if the exports are not those of the reading, or a manifest is missing or changed, of another
    export, or does not add up.
    """
    _check_planned(reading, finished)
    exports = finished.exports
    files = [file for export in exports for file in read_manifest(s3, export)]
    if len({file.key for file in files}) != len(files):
        raise SourceError(
            f"two of the exports {', '.join(export.arn for export in exports)} name the same file; "
            "start a new run, which has the table exported anew"
        )
    manifests = "the export's own manifest" if len(exports) == 1 else f"{len(exports)} exports' own manifests"
    return Work(
        parts=export_parts(exports[0].bucket, files, slots),
        worker=ExportWorker,
        units_per_second=math.inf,
        expected_from=f"the item counts of the {len(files):,} files in {manifests}",
    )


def _check_planned(reading: NativeReading, finished: RawExports) -> None:
    """Raise SourceError unless these are the exports that the run was planned to read."""
    for export in finished.exports:
        if export.table_arn != reading.source.arn:
            raise SourceError(
                f"export {export.arn} is of table {export.table_arn}, not of {reading.source.arn}; "
                "start a new run"
            )
    windows = [export.window for export in finished.exports]
    for what, given, wanted in (
        ("show the table as of", finished.export_time, reading.export_time),
        ("follow snapshot", finished.follows, reading.follows),
        ("cover", _told(windows), _told(reading.windows or [None])),
    ):
        if given != wanted:
            raise SourceError(
                f"the finished exports {what} {given}, but planned was {wanted}; start a new run"
            )


def _told(windows: Iterable[Window | None]) -> str:
    return ", ".join(
        "the whole table"
        if window is None
        else f"{snapshot_name(window.begins)} to {snapshot_name(window.ends)}"
        for window in windows
    )
