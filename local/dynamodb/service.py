"""DynamoDB's metering in the embedded cloud: reads are charged and throttled, everything else passes.

The original service answers everything but plain Scans. A filter or a projection makes no read cheaper, so
such a request is asked once more without them to learn what it read.
"""

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, Protocol

from local.dynamodb.capacity import batch_units, consumed_capacity, read_units
from local.dynamodb.item_size import item_size
from local.dynamodb.meter import TableMeter
from local.dynamodb.scan import is_plain, scan
from local.dynamodb.writes import KEYED, UNKEYED, touched
from local.hooks import ServiceHandler, wrap_service
from local.hooks.dynamodb import StoredTable, stored_table
from local.hooks.operations import Response

_OK = 200
_NARROWING = {
    "FilterExpression", "ProjectionExpression", "AttributesToGet", "ScanFilter", "QueryFilter", "Select",
    "ExpressionAttributeNames", "ExpressionAttributeValues", "ConditionalOperator",
}  # fmt: skip
_PLACEHOLDER = re.compile(r"[:#]\w+")


class _Ask(Protocol):
    """Asks the original service: the request as it came, or another in its place."""

    async def __call__(self, request: dict[str, Any] | None = None) -> Response: ...


def install() -> None:
    """Meter the service's reads."""
    wrap_service("dynamodb", lambda original: Metering(original).handle)


class Metering:
    """The service's handler around the original one."""

    def __init__(self, original: ServiceHandler) -> None:
        self._original = original
        self._meters: dict[str, TableMeter] = {}

    async def handle(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> Response:
        """Answer one request."""
        operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]

        async def ask(request: dict[str, Any] | None = None) -> Response:
            sent = body if request is None else json.dumps(request).encode()
            return await self._original(method, path, headers, sent, query)

        if operation in {"Scan", "Query", "GetItem"}:
            return await self._read(operation, _document(body), ask)
        response = await ask()
        if response[0] != _OK:
            return response
        if operation in KEYED:
            self._follow(operation, json.loads(body))
        elif operation in UNKEYED:
            self._meters.clear()  # items may have changed in place, so all are measured again
        elif operation == "BatchGetItem":
            return self._batch(json.loads(body), response)
        elif operation == "DescribeTable":
            return self._described(json.loads(body), response)
        return response

    async def _read(self, operation: str, request: dict[str, Any], ask: _Ask) -> Response:
        name = request.get("TableName")
        table = stored_table(name) if isinstance(name, str) else None
        if table is None:
            return await ask()
        meter = self._meter(table)
        if not meter.admits(table):
            return throttled(table)
        if operation == "Scan" and is_plain(request, table):
            answer = scan(request, table, meter.index)
            meter.charge(table, answer.units, answer.items)
            return _answered(answer.body)
        response = await ask()
        if response[0] != _OK:
            return response
        wide = _without_narrowing(request)
        read = json.loads(response[2] if wide == request else (await ask(wide))[2])
        items = read.get("Items", [read.get("Item") or {}])
        units = read_units(sum(map(item_size, items)), consistent=bool(request.get("ConsistentRead")))
        meter.charge(table, units, len(items))
        detail, index = request.get("ReturnConsumedCapacity"), request.get("IndexName")
        capacity = consumed_capacity(table.name, units, detail, index)
        return response if capacity is None else _answered_with(response[2], {"ConsumedCapacity": capacity})

    def _batch(self, request: dict[str, Any], response: Response) -> Response:
        tables = {name: stored_table(name) for name in request["RequestItems"]}
        known = {name: table for name, table in tables.items() if table is not None}
        answer = json.loads(response[2])
        refused = [name for name, table in known.items() if not self._meter(table).admits(table)]
        if refused and len(refused) == len(known):
            return throttled(known[refused[0]])
        capacities = []
        for name, table in known.items():
            wanted = request["RequestItems"][name]
            if name in refused:
                answer["Responses"].pop(name, None)
                answer.setdefault("UnprocessedKeys", {})[name] = wanted
                continue
            sizes = [item_size(table.item(key) or {}) for key in wanted["Keys"]]
            units = batch_units(sizes, consistent=bool(wanted.get("ConsistentRead")))
            self._meter(table).charge(table, units, len(sizes))
            capacities.append(consumed_capacity(table.name, units, request.get("ReturnConsumedCapacity")))
        if any(capacities):
            answer["ConsumedCapacity"] = capacities
        return _answered(json.dumps(answer, ensure_ascii=False).encode())

    def _described(self, request: dict[str, Any], response: Response) -> Response:
        table = stored_table(request["TableName"])
        if table is None:
            return response
        statistics = self._meter(table).statistics(table)
        description = json.loads(response[2])["Table"]
        counts = {"ItemCount": statistics.item_count, "TableSizeBytes": statistics.size_bytes}
        return _answered_with(response[2], {"Table": description | counts})

    def _follow(self, operation: str, request: dict[str, Any]) -> None:
        for name, key in touched(operation, request):
            table = stored_table(name)
            if table is not None:
                self._meter(table).index.touch(table, key)

    def _meter(self, table: StoredTable) -> TableMeter:
        known = self._meters.get(table.arn)
        if known is None or not known.table.is_same(table):
            known = self._meters[table.arn] = TableMeter(table)
        return known


def throttled(table: StoredTable) -> Response:
    """Return the error of a read beyond a table's throughput."""
    if table.is_provisioned:
        code, reason = "ProvisionedThroughputExceededException", "TableReadProvisionedThroughputExceeded"
        message = (
            "The level of configured provisioned throughput for the table was exceeded. Consider increasing "
            "your provisioning level with the UpdateTable API."
        )
    else:
        code, reason = "ThrottlingException", "TableReadMaxOnDemandThroughputExceeded"
        message = (
            "Throughput exceeds the maximum OnDemandThroughput configured on table or index. Consider "
            "increasing or removing MaxReadRequestUnits with the UpdateTable API."
        )
    error = {
        "__type": f"com.amazonaws.dynamodb.v20120810#{code}",
        "message": message,
        "ThrottlingReasons": [{"reason": reason, "resource": table.arn}],
    }
    return _answered(json.dumps(error).encode(), status=400)


def _without_narrowing(request: dict[str, Any]) -> dict[str, Any]:
    """Return the request for all that it reads; placeholders stay where the key condition uses them."""
    wide = {name: value for name, value in request.items() if name not in _NARROWING}
    used = set(_PLACEHOLDER.findall(request.get("KeyConditionExpression") or ""))
    for member in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        kept = {name: value for name, value in (request.get(member) or {}).items() if name in used}
        if kept:
            wide[member] = kept
    return wide


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _answered_with(body: bytes, members: dict[str, object]) -> Response:
    return _answered(json.dumps(json.loads(body) | members, ensure_ascii=False).encode())


def _answered(body: bytes, status: int = _OK) -> Response:
    checksum = str(zlib.crc32(body))
    return status, {"Content-Type": "application/x-amz-json-1.0", "x-amz-crc32": checksum}, body
