"""The exports that were started, and how they are found again."""

import re

from local.dynamodb.exports.export import Export
from local.dynamodb.exports.recovery import SECOND
from local.hooks import Call, JsonObject, ServiceError
from local.hooks.dynamodb import stored_table

TOKEN_HOURS = 8
IN_FLIGHT = 300
PAGE = 25
_EXPORT_ARN = re.compile(
    r"arn:[\w-]+:dynamodb:(?P<region>[\w-]+):(?P<account>[^:]*):table/[\w.-]+/export/[\w-]+"
)


class Register:
    """All exports by their ARN."""

    def __init__(self) -> None:
        self._by_arn: dict[str, Export] = {}

    def add(self, export: Export) -> None:
        """Take a new export. Raises ServiceError when as many as AWS allows are being written."""
        in_flight = sum(known.status == "IN_PROGRESS" for known in self._by_arn.values())
        if in_flight >= IN_FLIGHT:
            message = f"{in_flight} exports are in progress, of at most {IN_FLIGHT}"
            raise ServiceError("LimitExceededException", message)
        self._by_arn[export.arn] = export

    def repeated(self, token: str | None, asked: JsonObject, now: int) -> Export | None:
        """Return the export that was started with this token, however it ended; None for a new token.

        A token is valid for eight hours. Raises ServiceError when it was used for another request.
        """
        for known in self._by_arn.values():
            expires_at = known.started_at + TOKEN_HOURS * 3600 * SECOND
            if token is None or known.client_token != token or now >= expires_at:
                continue
            if known.asked != asked:
                raise ServiceError(
                    "ExportConflictException",
                    "Export conflict: Duplicate request detected with conflicting parameters",
                )
            return known
        return None

    def describe(self, call: Call) -> JsonObject:
        """Answer DescribeExport; an export is known after its table is gone."""
        arn = str(call.request.get("ExportArn"))
        found = _EXPORT_ARN.fullmatch(arn)
        if found is None:
            raise ServiceError("ValidationException", "Invalid Export ARN")
        if found["account"] != call.account:
            raise ServiceError("AccessDeniedException", "Access is denied")
        if found["region"] != call.region:
            raise ServiceError("ExportNotFoundException", "Export not found: Invalid export arn")
        if arn not in self._by_arn:
            message = f"Export not found: Export not found: {arn}"
            raise ServiceError("ExportNotFoundException", message)
        return {"ExportDescription": self._by_arn[arn].description()}

    def summaries(self, call: Call) -> JsonObject:
        """Answer ListExports: latest first, of a table only those of the one that has the name now."""
        after, page = call.request.get("NextToken"), int(str(call.request.get("MaxResults") or PAGE))
        if not isinstance(after, str | None) or (after is not None and after not in self._by_arn):
            message = f"Invalid Request: Provided nextToken is invalid: {after}"
            raise ServiceError("ValidationException", message)
        exports = sorted(self._listed(call), key=lambda export: export.arn, reverse=True)
        left = [export for export in exports if after is None or export.arn < after]
        answer: JsonObject = {"ExportSummaries": [export.summary() for export in left[:page]]}
        if len(left) > page:
            answer["NextToken"] = left[page - 1].arn
        return answer

    def _listed(self, call: Call) -> list[Export]:
        table_arn = call.request.get("TableArn")
        place = f":dynamodb:{call.region}:{call.account}:"
        known = [export for export in self._by_arn.values() if place in export.arn]
        if not isinstance(table_arn, str):
            return known
        table = stored_table(table_arn)
        return [export for export in known if table is not None and export.table_id == table.id]
