"""DynamoDB's own exports of a table: asked for once, then looked at until they have ended.

A run has the whole table exported, or every window of changes, side by side. Each export's ARN is kept in the
run's files, so that a call which is repeated finds the export that is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lakeshot.dynamodb.raw_export import RawExport, RawExports, StartedExport
from lakeshot.dynamodb.windows import SETTLED, Window
from lakeshot.errors import SourceError
from lakeshot.refusals import error_code, refusals_named
from lakeshot.runs.plan import Plan, raw_exports_uri
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

    def advance(self, *, waited: int, now: datetime) -> tuple[NativeExportState, RawExports | None]:
        """Ask for the exports or see how they stand; the finished ones, once all are.

        Raises SourceError with DynamoDB's own words if it refused or failed.
        """
        uri = raw_exports_uri(self.plan.deployed, self.plan.run)
        finished = load_if_there(self.s3, uri, RawExports)
        if finished is None and (found := self.plan.native.reused or self._look_at_all(now)) is not None:
            finished = save_once(self.s3, uri, found)
        if finished is not None:
            return NativeExportState(done=True, wait_seconds=0, waited=waited), finished
        wait = max(SHORTEST_WAIT, min(LONGEST_WAIT, waited // 5))
        return NativeExportState(done=False, wait_seconds=wait, waited=waited + wait), None

    def _look_at_all(self, now: datetime) -> RawExports | None:
        """The run's own exports if all are finished; each is asked for if it was not yet."""
        reading = self.plan.native
        exports = [
            _Asked(self.s3, self.source, self.plan, number, window).look(now)
            for number, window in enumerate(reading.windows or (None,))
        ]
        finished = tuple(export for export in exports if export is not None)
        if len(finished) < len(exports):
            return None
        return RawExports(export_time=reading.export_time, follows=reading.follows, exports=finished)


@dataclass(frozen=True)
class _Asked:
    """One of a run's exports: the whole table, or what was written in a window."""

    s3: "S3Client"
    source: "DynamoDBClient"
    plan: Plan
    number: int
    window: Window | None

    def look(self, now: datetime) -> RawExport | None:
        """The export if it is finished; asked for if it was not yet."""
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
        if self._earliest > now:
            return None
        try:
            with refusals_named("dynamodb:ExportTableToPointInTime", reading.source.arn):
                answer = self.source.export_table_to_point_in_time(
                    TableArn=reading.source.arn,
                    S3Bucket=deployed.bucket,
                    S3Prefix=deployed.names.raw_exports_prefix,
                    ExportFormat="DYNAMODB_JSON",
                    # Within eight hours DynamoDB takes this for the same request. After that, a call whose
                    # answer was lost would start a second export, which costs money but harms nothing.
                    ClientToken=self._token,
                    **self._extent,
                )
        except ClientError as error:
            ended = self.window.ends if self.window is not None else reading.export_time
            is_settling = error_code(error) == "InvalidExportTimeException" and now < ended + SETTLING
            if error_code(error) in _BUSY or is_settling:
                return None
            raise SourceError(
                f"DynamoDB does not export {self._words}: {error_code(error)}: "
                f"{error.response['Error'].get('Message', '')}. {self._remedy}"
            ) from error
        return save_once(
            self.s3, self._started_uri, StartedExport(arn=answer["ExportDescription"]["ExportArn"])
        )

    def _raw(self, found: "ExportDescriptionTypeDef") -> RawExport:
        return RawExport(
            arn=found["ExportArn"],
            table_arn=found["TableArn"],
            bucket=found["S3Bucket"],
            manifest_key=found["ExportManifest"],
            items=found["ItemCount"],
            billed_bytes=found["BilledSizeBytes"],
            window=self.window,
        )

    @property
    def _earliest(self) -> datetime:
        """When the export can be asked for: not before its end, and with a window some time after it.

        A whole table's instant lies ahead where one in use by another run was left to that, by some seconds.
        """
        if self.window is None:
            return self.plan.native.export_time
        return self.window.ends + SETTLED

    @property
    def _extent(self) -> Mapping[str, Any]:
        if self.window is None:
            return {"ExportType": "FULL_EXPORT", "ExportTime": self.plan.native.export_time}
        return {
            "ExportType": "INCREMENTAL_EXPORT",
            "IncrementalExportSpecification": {
                "ExportFromTime": self.window.begins,
                "ExportToTime": self.window.ends,
                "ExportViewType": "NEW_AND_OLD_IMAGES",
            },
        }

    @property
    def _words(self) -> str:
        table = f"table {self.plan.native.source.name!r}"
        if self.window is None:
            return f"{table} as it was at {_instant(self.plan.native.export_time)}"
        begins, ends = _instant(self.window.begins), _instant(self.window.ends)
        return f"what was written to {table} from {begins} until {ends}"

    @property
    def _remedy(self) -> str:
        if self.plan.deployed.kind == "changes":
            return "If that cannot be helped, export the whole table: full: true in the payload"
        return "If that cannot be helped, set route: scan"

    @property
    def _token(self) -> str:
        """What makes every call of this run for this export one request; a group's members share the run."""
        told = f"{self.plan.execution_arn} {self.plan.deployed.export} {self.number}"
        return sha256(told.encode()).hexdigest()

    @property
    def _started_uri(self) -> str:
        return f"{self.plan.run_uri}native-export-{self.number}.json"


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
