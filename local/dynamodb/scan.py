"""Scan answered from a table's index, as far as it asks for nothing but items or their count."""

import json
from dataclasses import dataclass

from local.dynamodb.capacity import consumed_capacity, read_units
from local.dynamodb.table_index import TableIndex
from local.hooks import JsonObject
from local.hooks.dynamodb import StoredTable

_PLAIN = {
    "TableName", "Limit", "ExclusiveStartKey", "Segment", "TotalSegments", "ConsistentRead",
    "ReturnConsumedCapacity", "Select",
}  # fmt: skip
_MAX_SEGMENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class ScanAnswer:
    """A response body, what it cost, and how many items were read."""

    body: bytes
    units: float
    items: int


def is_plain(request: JsonObject, table: StoredTable) -> bool:
    """Whether the index can answer: a valid request without filter, projection or secondary index."""
    segment, total = request.get("Segment", 0), request.get("TotalSegments", 1)
    limit, after = request.get("Limit", 1), request.get("ExclusiveStartKey")
    return (
        request.keys() <= _PLAIN
        and ("Segment" in request) == ("TotalSegments" in request)
        and isinstance(segment, int)
        and isinstance(total, int)
        and 0 <= segment < total <= _MAX_SEGMENTS
        and isinstance(limit, int)
        and limit > 0
        and (after is None or (isinstance(after, dict) and set(after) == set(table.key_names)))
        and request.get("Select", "ALL_ATTRIBUTES") in {"ALL_ATTRIBUTES", "COUNT"}
        and request.get("ReturnConsumedCapacity", "NONE") in {"NONE", "TOTAL", "INDEXES"}
    )


def scan(request: JsonObject, table: StoredTable, index: TableIndex) -> ScanAnswer:
    """Answer a plain Scan."""
    after, limit = request.get("ExclusiveStartKey"), request.get("Limit")
    page = index.page(
        table,
        segment=int(str(request.get("Segment", 0))),
        total_segments=int(str(request.get("TotalSegments", 1))),
        after=after if isinstance(after, dict) else None,
        limit=limit if isinstance(limit, int) else None,
    )
    units = read_units(page.size_bytes, consistent=bool(request.get("ConsistentRead")))
    rest: JsonObject = {"Count": len(page.entries), "ScannedCount": len(page.entries)}
    if page.last_key is not None:
        rest["LastEvaluatedKey"] = page.last_key
    capacity = consumed_capacity(table.name, units, request.get("ReturnConsumedCapacity"))
    if capacity is not None:
        rest["ConsumedCapacity"] = capacity
    tail = json.dumps(rest, ensure_ascii=False, separators=(",", ":")).encode()
    if request.get("Select") == "COUNT":
        return ScanAnswer(tail, units, len(page.entries))
    items = b",".join([entry.encoded for entry in page.entries])
    return ScanAnswer(b'{"Items":[' + items + b"]," + tail[1:], units, len(page.entries))
