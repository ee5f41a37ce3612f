"""Read units, and the ConsumedCapacity that responses carry.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html: one unit reads
4 KB with strong consistency, or 8 KB without; the sizes that a Query or Scan reads are summed before they
are rounded, those of a BatchGetItem are rounded one by one; a request that finds nothing costs one step.
"""

from collections.abc import Iterable

from local.hooks import JsonObject

_UNIT_BYTES = 4096


def read_units(size_bytes: int, *, consistent: bool) -> float:
    """Return the units of a read of this many bytes."""
    steps = max(-(-size_bytes // _UNIT_BYTES), 1)
    return float(steps) if consistent else steps / 2


def batch_units(sizes_bytes: Iterable[int], *, consistent: bool) -> float:
    """Return the units of single reads, each rounded by itself."""
    return sum(read_units(size, consistent=consistent) for size in sizes_bytes)


def consumed_capacity(
    table: str, units: float, detail: object, index: str | None = None
) -> JsonObject | None:
    """Return the response's member for ``ReturnConsumedCapacity`` = ``detail``; None when not asked for."""
    if detail not in {"TOTAL", "INDEXES"}:
        return None
    capacity: JsonObject = {"TableName": table, "CapacityUnits": units}
    if detail == "INDEXES":
        capacity["Table"] = {"CapacityUnits": 0.0 if index else units}
        if index:
            capacity["GlobalSecondaryIndexes"] = {index: {"CapacityUnits": units}}
    return capacity
