"""How a run reads its table: by DynamoDB's own export, or by a scan within its budget."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from lakeshot.columns.partition_by import refuse_folder_per_row
from lakeshot.config.deployed import Deployed
from lakeshot.config.payload import Payload
from lakeshot.dynamodb.describe import describe_table
from lakeshot.dynamodb.rate import Throughput, read_rate
from lakeshot.dynamodb.raw_export import RawExports
from lakeshot.dynamodb.recovery import Recovery, find_recovery
from lakeshot.dynamodb.segments import segment_count
from lakeshot.errors import PayloadError, SourceError
from lakeshot.names import snapshot_name
from lakeshot.runs.plan import NativeReading, ScanReading, SourceTable
from lakeshot.steps.choosing_scope import Scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


def choose_reading(
    client: "DynamoDBClient",
    payload: Payload,
    deployed: Deployed,
    *,
    moment: datetime,
    is_asked_for: bool,
    scope: Scope | None,
    reused: RawExports | None,
) -> ScanReading | NativeReading:
    """The reading of a run of this moment, which the payload may have asked for.

    ``scope`` is that of a run of kind ``changes``, None of any other; ``reused`` are the exports that it
    shall convert once more. Raises SourceError if the table is missing, cannot be read in the wanted way, or
    cannot be scanned within the job's timeout; PayloadError if the moment cannot be had, or the reused
    exports are of another table; PartitionError if every row would have a folder to itself.
    """
    source, throughput = describe_table(client, payload.source_table)
    refuse_folder_per_row(deployed.partition_by, source.key_attributes, source.name)
    if reused is not None:
        return _again(payload, deployed, source, scope, reused)
    route, route_from = _route(client, deployed, moment if is_asked_for else None)
    if route == "scan":
        return _scan(payload, deployed, source, throughput, route_from)
    if scope is None:
        return NativeReading(route_from=route_from, source=source, export_time=moment)
    wanted = scope.windows(moment)
    in_windows = f", in {len(wanted)} windows" if len(wanted) > 1 else ""
    return NativeReading(
        route_from=f"{scope.why}{in_windows}",
        source=source,
        export_time=moment if scope.compared_with is None else scope.compared_with.moment,
        windows=wanted,
        follows=scope.since.snapshot if scope.since is not None else None,
        compared_with=scope.compared_with.snapshot if scope.compared_with is not None else None,
    )


def recovery_needed(client: "DynamoDBClient", deployed: Deployed) -> Recovery:
    """The table's recovery; SourceError, with what switches it on, if it is off."""
    table = deployed.dynamodb.table
    if (found := find_recovery(client, table)) is not None:
        return found
    needed_by, instead = (
        ("kind: changes", "set kind: snapshot")
        if deployed.kind == "changes"
        else ("route: native", "set route: scan")
    )
    raise SourceError(
        f"export {deployed.export!r} has {needed_by}, but DynamoDB table {table!r} has no point-in-time "
        "recovery, without which DynamoDB cannot export it. Switch it on (aws dynamodb "
        f"update-continuous-backups --table-name {table} "
        f"--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true), or {instead}"
    )


def _again(
    payload: Payload, deployed: Deployed, source: SourceTable, scope: Scope | None, reused: RawExports
) -> NativeReading:
    """The reading of exports that an earlier run had made."""
    name = f"reuse_export {payload.reuse_export!r}"
    table_arn = reused.exports[0].table_arn
    if table_arn != source.arn:
        raise PayloadError(
            f"{name}: that run exported {table_arn}, export {deployed.export!r} is of {source.arn}; only "
            "an export of the same table can be converted again. Leave reuse_export out to make a new one"
        )
    shown = scope.since.snapshot if scope is not None and scope.since is not None else None
    if reused.follows is not None and reused.follows != shown:
        raise PayloadError(
            f"{name}: that run exported what changed since snapshot {reused.follows}, but this run would "
            f"export {scope.why if scope is not None else 'the whole table'}. Leave reuse_export out"
        )
    return NativeReading(
        route_from=f"the payload reuses the export of run {payload.reuse_export}",
        source=source,
        export_time=reused.export_time,
        windows=tuple(one.window for one in reused.exports if one.window is not None),
        follows=reused.follows,
        reused=reused,
    )


def _route(
    client: "DynamoDBClient", deployed: Deployed, asked: datetime | None
) -> tuple[Literal["native", "scan"], str]:
    """The route, and in words why; ``asked`` is the moment that the payload asks for, if it does."""
    if deployed.dynamodb.route == "scan":
        return _scanned_now(asked, "route: scan")
    if deployed.dynamodb.route == "auto":
        recovery = find_recovery(client, deployed.dynamodb.table)
        why = "the table has point-in-time recovery"
        if recovery is None:
            return _scanned_now(asked, "the table has no point-in-time recovery, which a native export needs")
    else:
        recovery, why = recovery_needed(client, deployed), "route: native"
    if asked is not None and asked < recovery.earliest:
        raise SourceError(
            f"DynamoDB table {deployed.dynamodb.table!r} cannot be exported as of {snapshot_name(asked)}: "
            f"its point-in-time recovery goes back to {snapshot_name(recovery.earliest)}. Name a later moment"
        )
    return "native", why


def _scanned_now(asked: datetime | None, why: str) -> tuple[Literal["scan"], str]:
    if asked is not None:
        raise PayloadError(
            f"moment {snapshot_name(asked)} needs DynamoDB's own export, because a scan reads the table as "
            f"it is now; this run would scan it ({why}). Leave moment out, or set route: native"
        )
    return "scan", why


def _scan(
    payload: Payload, deployed: Deployed, source: SourceTable, throughput: Throughput, route_from: str
) -> ScanReading:
    table = deployed.dynamodb
    reading = ScanReading(
        route_from=route_from,
        source=source,
        rate=read_rate(
            throughput,
            payload.read_percentage or table.read_percentage,
            payload.max_read_units or table.max_read_units,
        ),
        consistent_read=table.consistent_read if payload.consistent_read is None else payload.consistent_read,
        segments=table.segments
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
