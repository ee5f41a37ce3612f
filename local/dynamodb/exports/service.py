"""The operations of recovery and exports, in the place of ministack's, which write no files."""

import contextvars
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from botocore.exceptions import ClientError

from local.dynamodb.exports.export import MILLISECOND, Export, Outcome
from local.dynamodb.exports.folder import ExportFolder
from local.dynamodb.exports.lines import Content, full_content, incremental_content
from local.dynamodb.exports.recovery import LONGEST_DAYS, Recoveries, now_micros
from local.dynamodb.exports.register import Register
from local.dynamodb.exports.request import ExportRequest
from local.dynamodb.exports.times import (
    check_begins_after_creation,
    exported_instant,
    exported_period,
    recovery_needed,
)
from local.dynamodb.settings import export_files, export_seconds
from local.hooks import AccessDeniedError, Call, JsonObject, ServiceError, replace_operation
from local.hooks.dynamodb import StoredTable, stored_table
from local.hooks.item_changes import follow_recovery_of_templates, items_lock, watch_items

_FAILURES = {"AccessDenied": "S3AccessDenied", "NoSuchBucket": "S3NoSuchBucket"}
logger = logging.getLogger(__name__)


def install() -> None:
    """Serve the operations, and keep the history of every table that asks for it."""
    exports = Exports(Recoveries(), Register())
    watch_items(exports.recoveries.record)
    follow_recovery_of_templates(exports.switch_of_template)
    for operation, answer in exports.operations().items():
        replace_operation("dynamodb", operation, answer)


class Exports:
    """Recovery and exports of all tables."""

    def __init__(
        self, recoveries: Recoveries, register: Register, clock: Callable[[], int] = now_micros
    ) -> None:
        self.recoveries = recoveries
        self._register = register
        self._clock = clock

    def operations(self) -> Mapping[str, Callable[[Call], JsonObject]]:
        """Return what answers which operation."""
        return {
            "UpdateContinuousBackups": self.update_recovery,
            "DescribeContinuousBackups": self.describe_recovery,
            "ExportTableToPointInTime": self.start,
            "DescribeExport": self._register.describe,
            "ListExports": self._register.summaries,
        }

    def update_recovery(self, call: Call) -> JsonObject:
        """Answer UpdateContinuousBackups."""
        table = _table(str(call.request.get("TableName")))
        asked = call.request.get("PointInTimeRecoverySpecification")
        self._switch(table, asked if isinstance(asked, dict) else {})
        return {"ContinuousBackupsDescription": self.recoveries.description(table)}

    def describe_recovery(self, call: Call) -> JsonObject:
        """Answer DescribeContinuousBackups."""
        table = _table(str(call.request.get("TableName")))
        return {"ContinuousBackupsDescription": self.recoveries.description(table)}

    def switch_of_template(self, table_name: str, asked: Mapping[str, object]) -> None:
        """Switch recovery as CloudFormation asks for it."""
        self._switch(_table(table_name), asked)

    def _switch(self, table: StoredTable, asked: Mapping[str, object]) -> None:
        days = asked.get("RecoveryPeriodInDays", LONGEST_DAYS)
        if not isinstance(days, int) or not 1 <= days <= LONGEST_DAYS:
            raise ServiceError(
                "ValidationException",
                f"1 validation error detected: Value '{days}' at 'pointInTimeRecoverySpecification."
                "recoveryPeriodInDays' failed to satisfy constraint: Member must be between 1 and 35",
            )
        enabled = bool(asked.get("PointInTimeRecoveryEnabled"))
        self.recoveries.switch(table, enabled=enabled, period_days=days)

    def start(self, call: Call) -> JsonObject:
        """Answer ExportTableToPointInTime: what is exported is settled now, and written later."""
        request = ExportRequest.of(call.request, account=call.account)
        table = stored_table(request.table_arn)
        if table is None or table.arn != request.table_arn:
            raise ServiceError("TableNotFoundException", f"Table not found: {request.table_arn}")
        with items_lock:
            now = self._clock()
            known = self._register.repeated(request.client_token, call.request, now)
            if known is not None:
                return {"ExportDescription": known.description()}
            export, encode = self._settled(request, table, call.request, now)
            self._register.add(export)
        answer: JsonObject = {"ExportDescription": export.description()}
        run = contextvars.copy_context().run
        wait = export_seconds(table)
        threading.Thread(target=run, args=(self._write, export, encode, call, wait), daemon=True).start()
        return answer

    def _settled(
        self, request: ExportRequest, table: StoredTable, asked: JsonObject, now: int
    ) -> tuple[Export, Callable[[], Content]]:
        """Return the export, and what encodes the items and writes that it found now."""
        known = self.recoveries.of(table)
        if request.period is not None:
            check_begins_after_creation(table, known, request.period)
        recovery = recovery_needed(table, known)
        self.recoveries.forget_expired(recovery)
        export = Export(
            arn=f"{table.arn}/export/{now // MILLISECOND:014d}-{secrets.token_hex(4)}",
            table_arn=table.arn,
            table_id=table.id,
            destination=request.destination,
            client_token=request.client_token,
            started_at=now,
            instant=None,
            period=None,
            asked=asked,
        )
        files, keys = export_files(table), table.key_names
        if request.period is None:
            instant = exported_instant(recovery, request.instant, now)
            items = recovery.history.items_at(instant)
            return replace(export, instant=instant), partial(full_content, items, keys, files)
        period = exported_period(recovery, request.period, now)
        writes = recovery.history.changes(period.since, period.until)
        encode = partial(incremental_content, writes, keys, files, period.view)
        return replace(export, period=period), encode

    def _write(self, export: Export, encode: Callable[[], Content], call: Call, wait_seconds: float) -> None:
        """Write the export's files once its time has come; whatever happens, it ends."""
        try:
            folder = ExportFolder(export, call.caller, call.region)
            folder.start()
            time.sleep(wait_seconds)
            export.outcome = folder.finish(encode(), self._clock())
        except (AccessDeniedError, ClientError) as error:
            export.outcome = Outcome(self._clock(), failure=_failure(error))
        except Exception as error:  # a thread of its own: nobody else would see it
            logger.exception("export %s", export.arn)
            export.outcome = Outcome(self._clock(), failure=("UNKNOWN", str(error)))


def _table(name: str) -> StoredTable:
    table = stored_table(name)
    if table is None:
        raise ServiceError("TableNotFoundException", f"Table not found: {name}")
    return table


def _failure(error: AccessDeniedError | ClientError) -> tuple[str, str]:
    """Return AWS's FailureCode, and S3's error in the words of the SDK that DynamoDB uses."""
    if isinstance(error, AccessDeniedError):
        code, message, status, request_id = "AccessDenied", str(error), 403, secrets.token_hex(8).upper()
    else:
        told = error.response["Error"]
        answered = error.response["ResponseMetadata"]
        code, message = told.get("Code", "Unknown"), told.get("Message", "").rstrip(".")
        status, request_id = answered.get("HTTPStatusCode", 0), answered.get("RequestId", "")
    failure = "KmsNotFoundException" if code.startswith("KMS.") else _FAILURES.get(code, "UNKNOWN")
    where = f"Service: Amazon S3; Status Code: {status}; Error Code: {code}; Request ID: {request_id}"
    return failure, f"{message} ({where}; S3 Extended Request ID: null; Proxy: null)"
