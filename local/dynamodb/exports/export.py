"""One export: what was asked for, how far it is, and how the API describes it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from local.dynamodb.exports.recovery import SECOND
from local.dynamodb.exports.request import Destination, Period
from local.hooks import JsonObject

MILLISECOND = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an export ended: with its manifest, or with the code and message of its failure."""

    ended_at: int
    item_count: int = 0
    billed_bytes: int = 0
    manifest: str | None = None
    failure: tuple[str, str] | None = None


@dataclass(slots=True)
class Export:
    """An export that was started; times are in microseconds. It has an ``instant`` or a ``period``."""

    arn: str
    table_arn: str
    table_id: str
    destination: Destination
    client_token: str | None
    started_at: int
    instant: int | None
    period: Period | None
    asked: JsonObject
    outcome: Outcome | None = None

    @property
    def id(self) -> str:
        """The last part of its ARN, which names its folder."""
        return self.arn.rpartition("/")[2]

    @property
    def kind(self) -> Literal["FULL_EXPORT", "INCREMENTAL_EXPORT"]:
        """Its ExportType."""
        return "FULL_EXPORT" if self.period is None else "INCREMENTAL_EXPORT"

    @property
    def status(self) -> Literal["IN_PROGRESS", "COMPLETED", "FAILED"]:
        """Its ExportStatus."""
        if self.outcome is None:
            return "IN_PROGRESS"
        return "COMPLETED" if self.outcome.failure is None else "FAILED"

    def summary(self) -> JsonObject:
        """Summarise it as ListExports does."""
        return {"ExportArn": self.arn, "ExportStatus": self.status, "ExportType": self.kind}

    def description(self) -> JsonObject:
        """Describe it as DescribeExport does, which tells no ExportType."""
        described: JsonObject = {
            "ExportArn": self.arn,
            "ExportStatus": self.status,
            "StartTime": _seconds(self.started_at),
            "TableArn": self.table_arn,
            "TableId": self.table_id,
            "ExportTime": None if self.instant is None else _seconds(self.instant),
            "ClientToken": self.client_token,
            "S3Bucket": self.destination.bucket,
            "S3BucketOwner": self.destination.owner,
            "S3Prefix": self.destination.prefix,
            "S3SseAlgorithm": self.destination.encryption,
            "S3SseKmsKeyId": self.destination.key_id,
            "ExportFormat": "DYNAMODB_JSON",
        }
        if self.period is not None:
            described["IncrementalExportSpecification"] = {
                "ExportFromTime": _seconds(self.period.since),
                "ExportToTime": _seconds(self.period.until),
                "ExportViewType": self.period.view,
            }
        described |= _described_outcome(self.outcome)
        return {name: value for name, value in described.items() if value is not None}

    def manifest_summary(self, files_key: str, outcome: Outcome) -> JsonObject:
        """Return the content of manifest-summary.json."""
        if self.period is None:
            version, times = "2020-06-30", {"exportTime": written_time(self.instant or self.started_at)}
            ending: JsonObject = {}
        else:
            version = "2023-08-01"
            times = {
                "exportFromTime": written_time(self.period.since),
                "exportToTime": written_time(self.period.until),
            }
            ending = {"outputView": self.period.view}
        return {
            "version": version,
            "exportArn": self.arn,
            "startTime": written_time(self.started_at),
            "endTime": written_time(outcome.ended_at),
            "tableArn": self.table_arn,
            "tableId": self.table_id,
            **times,
            "s3Bucket": self.destination.bucket,
            "s3Prefix": self.destination.prefix,
            "s3SseAlgorithm": self.destination.encryption,
            "s3SseKmsKeyId": self.destination.key_id,
            "manifestFilesS3Key": files_key,
            "billedSizeBytes": outcome.billed_bytes,
            "itemCount": outcome.item_count,
            "outputFormat": "DYNAMODB_JSON",
            **ending,
            "exportType": self.kind,
        }


def _described_outcome(outcome: Outcome | None) -> JsonObject:
    if outcome is None:
        return {}
    if outcome.failure is not None:
        code, message = outcome.failure
        return {"EndTime": _seconds(outcome.ended_at), "FailureCode": code, "FailureMessage": message}
    return {
        "EndTime": _seconds(outcome.ended_at),
        "ExportManifest": outcome.manifest,
        "BilledSizeBytes": outcome.billed_bytes,
        "ItemCount": outcome.item_count,
    }


def written_time(micros: int) -> str:
    """Write a time as the manifests do: ``2020-11-04T07:28:34.028Z``."""
    moment = datetime.fromtimestamp(micros // SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{micros % SECOND // MILLISECOND:03d}Z"


def _seconds(micros: int) -> float:
    return micros // MILLISECOND / 1000
