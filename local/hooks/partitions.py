"""Glue's UpdatePartition, which ministack knows only in its batch form."""

import json

from ministack.services import glue

from local.hooks.operations import Call, JsonObject, ServiceError, replace_operation


def supply_update_partition() -> None:
    """Serve UpdatePartition as a batch of one."""
    replace_operation("glue", "UpdatePartition", _update_partition)


def _update_partition(call: Call) -> JsonObject:
    entry = {name: call.request.get(name) for name in ("PartitionValueList", "PartitionInput")}
    where = {name: call.request.get(name) for name in ("DatabaseName", "TableName")}
    status, _, body = glue._batch_update_partition({**where, "Entries": [entry]})
    reply = json.loads(body)
    if status != 200:  # noqa: PLR2004 - OK
        raise ServiceError(reply.get("__type", "EntityNotFoundException"), reply.get("message", ""))
    for refused in reply.get("Errors", []):
        raise ServiceError(refused["ErrorDetail"]["ErrorCode"], refused["ErrorDetail"]["ErrorMessage"])
    return {}
