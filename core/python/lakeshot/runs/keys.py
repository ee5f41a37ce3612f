"""Keys of the run table: one partition per export or group, one sort key per kind of entry."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


def export_key(export: str) -> str:
    """Partition of one export."""
    return f"export#{export}"


def group_key(group: str) -> str:
    """Partition of one group of exports."""
    return f"group#{group}"


def item_key(partition: str, sort: str) -> "Mapping[str, AttributeValueTypeDef]":
    """The primary key of one item of a partition, as DynamoDB takes it."""
    return {"pk": {"S": partition}, "sk": {"S": sort}}


def run_key(partition: str, run: str) -> "Mapping[str, AttributeValueTypeDef]":
    """The record of a run."""
    return item_key(partition, f"run#{run}")
