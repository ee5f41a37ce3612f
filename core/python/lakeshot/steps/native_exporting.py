"""DynamoDB's own export of a table: asked for once, then looked at until it has ended.

The export's ARN is kept in the run's files, so that a call which is repeated finds the export that is there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lakeshot.dynamodb.raw_export import RawExport, StartedExport
from lakeshot.errors import SourceError
from lakeshot.refusals import error_code, refusals_named
from lakeshot.runs.plan import Plan, raw_export_uri
from lakeshot.steps.messages import NativeExportState
from lakeshot.stored import load_if_there, save_once

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import ExportDescriptionTypeDef
    from mypy_boto3_s3.client import S3Client

SHORTEST_WAIT, LONGEST_WAIT = 20, 600
"""Seconds between two looks. An export takes minutes to hours (no time is promised), and each look costs
events of the execution's history, of which there are 25,000."""
SETTLING = timedelta(minutes=15)
"""DynamoDB was seen to refuse an instant of a second ago on a table whose recovery was new. It says that it
recovers up to five minutes before now; after three times that, it means what it says."""
_BUSY = frozenset({"LimitExceededException", "ThrottlingException"})
"""DynamoDB has too many exports at work: 300, or 100 TB (Amazon DynamoDB quotas)."""


@dataclass(frozen=True)
class NativeExporter:
    """Has the table of one run exported. ``source`` is DynamoDB under the export's own role."""

    s3: "S3Client"
    source: "DynamoDBClient"
    plan: Plan

    def advance(self, *, waited: int, now: datetime) -> tuple[NativeExportState, RawExport | None]:
        """Ask for the export or see how it stands; the finished export, once it is.

        Raises SourceError with DynamoDB's own words if it refused or failed.
        """
        uri = raw_export_uri(self.plan.deployed, self.plan.run)
        finished = load_if_there(self.s3, uri, RawExport)
        if finished is None and (found := self.plan.native.reused or self._look(now)) is not None:
            finished = save_once(self.s3, uri, found)
        if finished is not None:
            return NativeExportState(done=True, wait_seconds=0, waited=waited), finished
        wait = max(SHORTEST_WAIT, min(LONGEST_WAIT, waited // 5))
        return NativeExportState(done=False, wait_seconds=wait, waited=waited + wait), None

    def _look(self, now: datetime) -> RawExport | None:
        """The run's own export if it is finished; asked for if it was not yet."""
        started = load_if_there(self.s3, self._started_uri, StartedExport) or self._start(now)
        if started is None:
            return None
        try:
            with refusals_named("dynamodb:DescribeExport", started.arn):
                found = self.source.describe_export(ExportArn=started.arn)["ExportDescription"]
        except ClientError as error:
            if error_code(error) in _BUSY:
                return None
            raise
        if found["ExportStatus"] == "FAILED":
            raise SourceError(
                f"DynamoDB's export of table {self.plan.native.source.name!r} has failed: "
                f"{found.get('FailureCode', 'no code')}: {found.get('FailureMessage', 'no message')} "
                f"({started.arn}). Run again once that is put right"
            )
        return self._raw(found) if found["ExportStatus"] == "COMPLETED" else None

    def _start(self, now: datetime) -> StartedExport | None:
        """Ask for the export; None if it cannot be started yet."""
        deployed, reading = self.plan.deployed, self.plan.native
        if reading.export_time > now:  # a moment in use by another run was left to that, by some seconds
            return None
        try:
            with refusals_named("dynamodb:ExportTableToPointInTime", reading.source.arn):
                answer = self.source.export_table_to_point_in_time(
                    TableArn=reading.source.arn,
                    S3Bucket=deployed.bucket,
                    S3Prefix=deployed.names.raw_exports_prefix,
                    ExportTime=reading.export_time,
                    ExportFormat="DYNAMODB_JSON",
                    ExportType="FULL_EXPORT",
                    # Within eight hours DynamoDB takes this for the same request. After that, a call whose
                    # answer was lost would start a second export, which costs money but harms nothing.
                    ClientToken=self._token,
                )
        except ClientError as error:
            is_settling = (
                error_code(error) == "InvalidExportTimeException" and now < reading.export_time + SETTLING
            )
            if error_code(error) in _BUSY or is_settling:
                return None
            raise SourceError(
                f"DynamoDB does not export table {reading.source.name!r} as it was at "
                f"{reading.export_time:%Y-%m-%d %H:%M:%S} UTC: {error_code(error)}: "
                f"{error.response['Error'].get('Message', '')}. If that cannot be helped, set route: scan"
            ) from error
        return save_once(
            self.s3, self._started_uri, StartedExport(arn=answer["ExportDescription"]["ExportArn"])
        )

    def _raw(self, found: "ExportDescriptionTypeDef") -> RawExport:
        return RawExport(
            arn=found["ExportArn"],
            table_arn=found["TableArn"],
            export_time=self.plan.native.export_time,
            bucket=found["S3Bucket"],
            manifest_key=found["ExportManifest"],
            items=found["ItemCount"],
            billed_bytes=found["BilledSizeBytes"],
        )

    @property
    def _token(self) -> str:
        """What makes every call of this run for this export one request; a group's members share the run."""
        return sha256(f"{self.plan.execution_arn} {self.plan.deployed.export}".encode()).hexdigest()

    @property
    def _started_uri(self) -> str:
        return f"{self.plan.run_uri}native-export.json"
