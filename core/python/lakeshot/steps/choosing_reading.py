"""How a run reads its table: by DynamoDB's own export, or by a scan within its budget."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from lakeshot.columns.partition_by import refuse_folder_per_row
from lakeshot.config.deployed import Deployed
from lakeshot.config.payload import Payload
from lakeshot.dynamodb.describe import describe_table
from lakeshot.dynamodb.rate import Throughput, read_rate
from lakeshot.dynamodb.raw_export import RawExport
from lakeshot.dynamodb.recovery import has_recovery
from lakeshot.dynamodb.segments import segment_count
from lakeshot.errors import PayloadError, SourceError
from lakeshot.runs.plan import NativeReading, Reading, ScanReading, SourceTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


def choose_reading(
    client: "DynamoDBClient",
    payload: Payload,
    deployed: Deployed,
    *,
    moment: datetime,
    reused: RawExport | None,
) -> Reading:
    """The reading of a run of this moment; ``reused`` is the export that it shall convert once more.

    Raises SourceError if the table is missing, cannot be read in the wanted way, or cannot be scanned
    within the job's timeout; PayloadError if the reused export is of another table; PartitionError if
    every row would have a folder to itself.
    """
    source, throughput = describe_table(client, payload.source_table)
    refuse_folder_per_row(deployed.partition_by, source.key_attributes, source.name)
    if reused is not None:
        if reused.table_arn != source.arn:
            raise PayloadError(
                f"reuse_export {payload.reuse_export!r}: that run exported {reused.table_arn}, export "
                f"{deployed.export!r} is of {source.arn}; only an export of the same table can be converted "
                "again. Leave reuse_export out to make a new one"
            )
        return NativeReading(
            route_from=f"the payload reuses the export of run {payload.reuse_export}",
            source=source,
            export_time=reused.export_time,
            reused=reused,
        )
    route, route_from = _route(client, deployed)
    if route == "native":
        return NativeReading(route_from=route_from, source=source, export_time=moment)
    return _scan(payload, deployed, source, throughput, route_from)


def _route(client: "DynamoDBClient", deployed: Deployed) -> tuple[Literal["native", "scan"], str]:
    """The route, and in words why."""
    table = deployed.source_table
    if deployed.route == "scan":
        return "scan", "route: scan"
    if has_recovery(client, table):
        return (
            "native",
            "the table has point-in-time recovery" if deployed.route == "auto" else "route: native",
        )
    if deployed.route == "auto":
        return "scan", "the table has no point-in-time recovery, which a native export needs"
    raise SourceError(
        f"export {deployed.export!r} has route: native, but DynamoDB table {table!r} has no point-in-time "
        "recovery, without which DynamoDB cannot export it. Switch it on (aws dynamodb "
        f"update-continuous-backups --table-name {table} "
        "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true), or set route: scan"
    )


def _scan(
    payload: Payload, deployed: Deployed, source: SourceTable, throughput: Throughput, route_from: str
) -> ScanReading:
    reading = ScanReading(
        route_from=route_from,
        source=source,
        rate=read_rate(throughput, payload.read_percentage, payload.max_read_units),
        consistent_read=payload.consistent_read,
        segments=deployed.segments
        or segment_count(
            size_bytes=source.size_bytes,
            workers=payload.workers or deployed.workers,
            worker_type=deployed.worker_type,
        ),
    )
    minutes = payload.timeout_minutes or deployed.timeout_minutes
    if reading.expected_seconds > minutes * 60:
        raise SourceError(
            f"scanning table {source.name!r} ({source.size_bytes / 1e9:,.1f} GB) at "
            f"{reading.rate.units_per_second:,.0f} read units a second ({reading.rate.basis}) would take "
            f"about {_span(reading.expected_seconds)}, and the job is ended after {_span(minutes * 60)}; "
            "nothing was read. Raise read_percentage or max_read_units, raise timeout_minutes, or switch on "
            "point-in-time recovery, with which DynamoDB exports the table without read units (route: auto "
            "or native)"
        )
    return reading


def _span(seconds: float) -> str:
    minutes = timedelta(seconds=seconds) // timedelta(minutes=1)
    days, hours = divmod(minutes // 60, 24)
    parts = ((days, "d"), (hours, "h"), (minutes % 60, "min"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "less than a minute"
