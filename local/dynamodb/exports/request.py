"""What ExportTableToPointInTime is asked for, checked as AWS checks it before anything else."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from local.dynamodb.exports.recovery import SECOND
from local.hooks import JsonObject, ServiceError

ViewType: TypeAlias = Literal["NEW_IMAGE", "NEW_AND_OLD_IMAGES"]

_TABLE_ARN = re.compile(r"arn:[\w-]+:dynamodb:(?P<region>[\w-]+):(?P<account>\d{12}):table/(?P<name>[\w.-]+)")
_BUCKET = re.compile(r"[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+")
_ENUMERATED = {
    "ExportFormat": ("ION", "DYNAMODB_JSON"),
    "ExportType": ("INCREMENTAL_EXPORT", "FULL_EXPORT"),
    "S3SseAlgorithm": ("AES256", "KMS"),
}
_NOT_HERE = "is not in the embedded cloud, which writes whole items as DYNAMODB_JSON"


@dataclass(frozen=True, slots=True)
class Period:
    """The window of an incremental export, in microseconds: from ``since`` on and before ``until``."""

    since: int
    until: int
    view: ViewType


@dataclass(frozen=True, slots=True)
class AskedPeriod:
    """A window as it was asked for; without an end it ends at the latest time."""

    since: int
    until: int | None
    view: ViewType


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the files go, and how they are encrypted there."""

    bucket: str
    prefix: str | None
    owner: str | None
    encryption: str
    key_id: str | None

    def key(self, name: str) -> str:
        """Return the key of ``name`` below the prefix, in AWS's folder."""
        prefix = self.prefix or ""
        slash = "/" if prefix and not prefix.endswith("/") else ""
        return f"{prefix}{slash}AWSDynamoDB/{name}"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A request that is well formed; ``instant`` is the full export's time (None: now), in microseconds."""

    table_arn: str
    destination: Destination
    client_token: str | None
    instant: int | None
    period: AskedPeriod | None

    @classmethod
    def of(cls, given: JsonObject, *, account: str) -> "ExportRequest":
        """Read a request. Raises ServiceError with AWS's code and words for what AWS refuses."""
        for member, allowed in _ENUMERATED.items():
            _check_enumerated(given.get(member), allowed, member[0].lower() + member[1:])
        bucket = str(given.get("S3Bucket"))
        if not _BUCKET.fullmatch(bucket):
            pattern = r"^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$"
            raise _unsatisfied(bucket, "s3Bucket", f"satisfy regular expression pattern: {pattern}")
        _check_here(given)
        algorithm = str(given.get("S3SseAlgorithm") or "AES256")
        if given.get("S3SseKmsKeyId") and algorithm != "KMS":
            raise _invalid("KMS Key Id is not supported for this encryption type")
        table_arn = str(given.get("TableArn"))
        _check_table_arn(table_arn, account)
        return cls(
            table_arn=table_arn,
            destination=Destination(
                bucket=bucket,
                prefix=_text(given, "S3Prefix"),
                owner=_text(given, "S3BucketOwner"),
                encryption=algorithm,
                key_id=_text(given, "S3SseKmsKeyId"),
            ),
            client_token=_text(given, "ClientToken"),
            instant=_micros(given.get("ExportTime")),
            period=_period(given),
        )


def _period(given: JsonObject) -> AskedPeriod | None:
    specified = given.get("IncrementalExportSpecification")
    if given.get("ExportType") != "INCREMENTAL_EXPORT":
        if specified is None:
            return None
        if given.get("ExportType") is None:
            raise _invalid(
                "Export Type expected to be Incremental Export when incremental export specification is "
                "provided"
            )
        raise _invalid(
            "When Export Type is Full Export , Incremental Export Specification should not be provided"
        )
    if not isinstance(specified, dict):
        raise _invalid(
            "Incremental Export Specification expected when export type is set as Incremental Export"
        )
    view = specified.get("ExportViewType")
    _check_enumerated(
        view, ("NEW_AND_OLD_IMAGES", "NEW_IMAGE"), "incrementalExportSpecification.exportViewType"
    )
    since = _micros(specified.get("ExportFromTime"))
    if since is None:
        raise _invalid("ExportFromTime must be provided in IncrementalExportSpecification")
    until = _micros(specified.get("ExportToTime"))
    return AskedPeriod(since, until, "NEW_IMAGE" if view == "NEW_IMAGE" else "NEW_AND_OLD_IMAGES")


def _check_enumerated(value: object, allowed: tuple[str, ...], member: str) -> None:
    if value is not None and value not in allowed:
        raise _unsatisfied(value, member, f"satisfy enum value set: [{', '.join(allowed)}]")


def _check_here(given: JsonObject) -> None:
    if given.get("ExportFormat") == "ION":
        raise ServiceError("ValidationException", f"ExportFormat ION {_NOT_HERE}")
    if given.get("FilterSpecification") is not None:
        raise ServiceError("ValidationException", f"FilterSpecification {_NOT_HERE}")


def _check_table_arn(arn: str, account: str) -> None:
    if not arn.startswith("arn:"):
        message = "One or more parameter values were invalid: tableArn is not a valid ARN"
        raise ServiceError("ValidationException", message)
    found = _TABLE_ARN.fullmatch(arn)
    if found is None:
        raise _invalid("Table ARN is invalid.")
    if found["account"] != account:
        raise ServiceError("AccessDeniedException", "Access is denied")


def _micros(seconds: object) -> int | None:
    return round(seconds * SECOND) if isinstance(seconds, int | float) else None


def _text(given: JsonObject, member: str) -> str | None:
    value = given.get(member)
    return None if value is None else str(value)


def _unsatisfied(value: object, member: str, constraint: str) -> ServiceError:
    message = f"Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
    return ServiceError("ValidationException", f"1 validation error detected: {message}")


def _invalid(what: str) -> ServiceError:
    return ServiceError("ValidationException", f"Invalid Request: {what}")
