"""DynamoDB's tables as ministack stores them, for metering and exports; read only."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from ministack.services import dynamodb

from local.hooks.operations import JsonObject

Place: TypeAlias = tuple[Any, Any]
"""Where an item is stored: ministack's forms of its partition key and of its sort key."""


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table of the running request's account and region."""

    _table: dict[str, Any]

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self._table["TableName"])

    @property
    def arn(self) -> str:
        """The table's ARN."""
        return str(self._table["TableArn"])

    @property
    def id(self) -> str:
        """The table's id, another one for a table made again under the same name."""
        return str(self._table["TableId"])

    @property
    def created_at(self) -> int:
        """When it was made, in seconds since the epoch."""
        return int(self._table["CreationDateTime"])

    @property
    def key_names(self) -> tuple[str, ...]:
        """Name of the partition key and, where there is one, of the sort key."""
        keys = (self._table["pk_name"], self._table.get("sk_name"))
        return tuple(str(key) for key in keys if key)

    @property
    def item_count(self) -> int:
        """Items stored now."""
        return int(self._table["ItemCount"])

    @property
    def read_units_per_second(self) -> int | None:
        """What reads may use: provisioned units, or the on-demand maximum; None without a limit."""
        on_demand = (self._table.get("BillingModeSummary") or {}).get("BillingMode") == "PAY_PER_REQUEST"
        if not on_demand:
            return int(self._table["ProvisionedThroughput"]["ReadCapacityUnits"]) or None
        maximum = int((self._table.get("OnDemandThroughput") or {}).get("MaxReadRequestUnits") or -1)
        return maximum if maximum > 0 else None

    @property
    def is_provisioned(self) -> bool:
        """Whether the table has provisioned throughput."""
        return (self._table.get("BillingModeSummary") or {}).get("BillingMode") != "PAY_PER_REQUEST"

    @property
    def tags(self) -> dict[str, str]:
        """The table's tags."""
        return {tag["Key"]: tag["Value"] for tag in dynamodb._tags.get(self.arn) or []}

    def is_same(self, other: "StoredTable") -> bool:
        """Whether both are one table, not one deleted and another made under its name."""
        return self._table is other._table

    def item(self, key: JsonObject) -> JsonObject | None:
        """Return the very object stored under a key, or None."""
        found: JsonObject | None = dynamodb._get_item_by_key(self._table, key)
        return found

    def items(self) -> Iterator[JsonObject]:
        """Return every stored object."""
        return (item for _place, item in self.placed_items())

    def placed_items(self) -> Iterator[tuple[Place, JsonObject]]:
        """Return every stored object and where it is."""
        for partition, sorted_items in self._table["items"].items():
            for sort, item in sorted_items.items():
                yield (partition, sort), item


def stored_table(name_or_arn: str) -> StoredTable | None:
    """Return a table by its name or ARN, or None."""
    table = dynamodb._tables.get(name_or_arn.rsplit("/", 1)[-1])
    return None if table is None else StoredTable(table)
