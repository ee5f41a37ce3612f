"""Glue's partitions as AWS has them where ministack is coarser, and the operations that it lacks.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-partitions.html
"""

import json
import re
from collections.abc import Callable, Mapping

from ministack.core.responses import error_response_json, json_response
from ministack.services import glue

from local.hooks.operations import Call, JsonObject, ServiceError, replace_operation

MOST_AT_ONCE = {"PartitionInputList": 100, "Entries": 100, "PartitionsToDelete": 25}
"""How many partitions a batch takes, by the request's member that has them."""
_EQUAL = re.compile(r"\s*(?P<key>\w+)\s*=\s*'(?P<value>(?:[^']|'')*)'\s*")


def supply_partition_operations() -> None:
    """Serve UpdatePartition, which is a batch of one here, and BatchDeletePartition."""
    replace_operation("glue", "UpdatePartition", _update_partition)
    replace_operation("glue", "BatchDeletePartition", _batch_delete_partition)


def follow_partition_rules() -> None:
    """Refuse what has no table, too many at once or too few values; let GetPartitions take an expression."""
    for name in ("create", "batch_create", "batch_update"):
        operation = f"_{name}_partition"
        setattr(glue, operation, _checked(getattr(glue, operation)))
    glue._get_partitions = _get_partitions


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


def _batch_delete_partition(call: Call) -> JsonObject:
    _check(call.request)
    errors = []
    for one in call.request["PartitionsToDelete"]:  # type: ignore[attr-defined]
        values = one["Values"]
        if glue._get_partition({**call.request, "PartitionValues": values})[0] == 200:  # noqa: PLR2004 - OK
            glue._delete_partition({**call.request, "PartitionValues": values})
        else:
            detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Partition not found."}
            errors.append({"PartitionValues": values, "ErrorDetail": detail})
    return {"Errors": errors}


def _get_partitions(request: JsonObject) -> object:
    """Partitions of which the request's expression is true; of expressions only equalities joined by AND."""
    try:
        keys = _keys(request)
        wanted = _wanted(str(request.get("Expression") or ""), keys)
    except ServiceError as error:
        return error_response_json(error.code, error.message, 400)
    there = glue._partitions.get(f"{request.get('DatabaseName')}/{request.get('TableName')}", [])
    found = [one for one in there if all(one["Values"][place] == value for place, value in wanted.items())]
    return json_response({"Partitions": found})


def _wanted(expression: str, keys: list[str]) -> Mapping[int, str]:
    wanted = {}
    for condition in re.split(r"(?i)\band\b", expression) if expression else ():
        equal = _EQUAL.fullmatch(condition)
        if equal is None or equal["key"] not in keys:
            raise ServiceError("InvalidInputException", f"Unsupported expression '{expression}'")
        wanted[keys.index(equal["key"])] = equal["value"].replace("''", "'")
    return wanted


def _checked(answer: Callable[[JsonObject], object]) -> Callable[[JsonObject], object]:
    def check(request: JsonObject) -> object:
        try:
            _check(request)
        except ServiceError as error:
            return error_response_json(error.code, error.message, 400)
        return answer(request)

    return check


def _check(request: JsonObject) -> None:
    keys = _keys(request)
    for member, most in MOST_AT_ONCE.items():
        given = request.get(member)
        if isinstance(given, list) and len(given) > most:
            raise ServiceError(
                "ValidationException",
                f"1 validation error detected: Value at '{member[0].lower()}{member[1:]}' failed to satisfy "
                f"constraint: Member must have length less than or equal to {most}",
            )
    for partition in _given(request):
        if len(partition.get("Values", [])) != len(keys):
            raise ServiceError(
                "InvalidInputException",
                "The number of partition keys do not match the number of partition values",
            )


def _given(request: JsonObject) -> list[Mapping[str, list[str]]]:
    """The partitions that a request wants to write."""
    one, several, entries = (
        request.get(member) for member in ("PartitionInput", "PartitionInputList", "Entries")
    )
    inputs = [entry["PartitionInput"] for entry in entries] if isinstance(entries, list) else several
    return inputs if isinstance(inputs, list) else [one] if isinstance(one, dict) else []


def _keys(request: JsonObject) -> list[str]:
    table = glue._tables.get(f"{request.get('DatabaseName')}/{request.get('TableName')}")
    if table is None:
        raise ServiceError("EntityNotFoundException", f"Table {request.get('TableName')} not found.")
    return [key["Name"] for key in table.get("PartitionKeys") or []]
