"""Which keys a write may have changed."""

from collections.abc import Iterator
from typing import Any

KEYED = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
"""Writes that name their keys."""
UNKEYED = {"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"}
"""Writes (or reads) whose keys are hidden in statements."""


def touched(operation: str, request: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return table and key, or whole item, of everything the write names."""
    if operation == "BatchWriteItem":
        for table, writes in request["RequestItems"].items():
            for write in writes:
                for kind, given in write.items():
                    yield table, given["Item" if kind == "PutRequest" else "Key"]
    elif operation == "TransactWriteItems":
        for action in request["TransactItems"]:
            for given in action.values():
                yield given["TableName"], given.get("Item") or given["Key"]
    else:
        yield request["TableName"], request.get("Item") or request["Key"]
