"""Every change of an item in DynamoDB, whatever made it, and recovery as a template asks for it."""

import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

from local.hooks.dynamodb import Place, StoredTable
from local.hooks.operations import JsonObject, Response

items_lock = threading.RLock()
"""Held while an item changes; who holds it sees the items and what was told of them agree."""


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One write: the item before it (None: there was none) and after it (None: deleted)."""

    table: StoredTable
    place: Place
    before: JsonObject | None
    after: JsonObject | None


_held: ContextVar[list[ItemChange] | None] = ContextVar("lakeshot_held_item_changes", default=None)


def watch_items(changed: Callable[[ItemChange], None]) -> None:
    """Tell ``changed`` of every write to any table, in order, under ``items_lock``.

    All writes of ministack go through two functions, the deletions of expired items too. A PartiQL
    transaction writes as it goes and puts the items back if it fails: its writes are told at its end.
    """
    put, remove, transact = dynamodb._set_item, dynamodb._remove_item, dynamodb._execute_transaction

    def tell(change: ItemChange) -> None:
        held = _held.get()
        if held is None:
            changed(change)
        else:
            held.append(change)

    def set_item(
        table: dict[str, object], partition: object, sort: object, item: JsonObject
    ) -> JsonObject | None:
        with items_lock:
            before: JsonObject | None = put(table, partition, sort, item)
            tell(ItemChange(StoredTable(table), (partition, sort), before, item))
        return before

    def remove_item(table: dict[str, object], partition: object, sort: object) -> JsonObject | None:
        with items_lock:
            before: JsonObject | None = remove(table, partition, sort)
            if before is not None:
                tell(ItemChange(StoredTable(table), (partition, sort), before, None))
        return before

    def execute_transaction(request: JsonObject) -> Response:
        with items_lock:
            held: list[ItemChange] = []
            token = _held.set(held)
            try:
                response: Response = transact(request)
            finally:
                _held.reset(token)
            if response[0] == 200:  # noqa: PLR2004 - OK
                for change in held:
                    changed(change)
        return response

    dynamodb._set_item = set_item
    dynamodb._remove_item = remove_item
    dynamodb._execute_transaction = execute_transaction


def follow_recovery_of_templates(switch: Callable[[str, Mapping[str, object]], None]) -> None:
    """Tell ``switch`` table name and ``PointInTimeRecoverySpecification`` of a table made by CloudFormation.

    ministack's provisioners leave it out, of ``AWS::DynamoDB::Table`` and of a global table's replica.
    """
    for kind in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        handlers = provisioners._RESOURCE_HANDLERS[kind]
        for operation, properties_at in (("create", 1), ("update", 2)):
            handlers[operation] = _followed(handlers[operation], properties_at, switch)


def _followed(
    provision: Callable[..., tuple[str, object]],
    properties_at: int,
    switch: Callable[[str, Mapping[str, object]], None],
) -> Callable[..., tuple[str, object]]:
    def provisioned(*arguments: object, **named: object) -> tuple[str, object]:
        made = provision(*arguments, **named)
        specification = _recovery(arguments[properties_at])
        if specification is not None:
            switch(made[0], specification)
        return made

    return provisioned


def _recovery(properties: object) -> Mapping[str, object] | None:
    if not isinstance(properties, dict):
        return None
    replicas = properties.get("Replicas") or [{}]
    found = properties.get("PointInTimeRecoverySpecification") or replicas[0].get(
        "PointInTimeRecoverySpecification"
    )
    return found if isinstance(found, dict) else None
