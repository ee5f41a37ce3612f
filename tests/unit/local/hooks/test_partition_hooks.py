"""Glue's partitions, as AWS has them."""

import pytest

from local.hooks.partitions import follow_partition_rules, supply_partition_operations
from tests.unit.local.hooks.calls import call

WHERE = {"DatabaseName": "d", "TableName": "t"}


@pytest.fixture(autouse=True)
def table() -> None:
    supply_partition_operations()
    follow_partition_rules()
    call("glue", "CreateDatabase", {"DatabaseInput": {"Name": "d"}})
    keys = [{"Name": "s", "Type": "string"}, {"Name": "k", "Type": "string"}]
    call("glue", "CreateTable", {"DatabaseName": "d", "TableInput": {"Name": "t", "PartitionKeys": keys}})


def create(*values: list[str]) -> object:
    inputs = [{"Values": one} for one in values]
    return call("glue", "BatchCreatePartition", {**WHERE, "PartitionInputList": inputs})


def found(expression: str | None = None) -> object:
    given = {} if expression is None else {"Expression": expression}
    answer = call("glue", "GetPartitions", {**WHERE, **given})
    partitions = answer.get("Partitions", answer.get("__type"))
    return [one["Values"] for one in partitions] if isinstance(partitions, list) else partitions


def test_partitions_are_found_by_equal_keys() -> None:
    """All without an expression; what this cannot tell is refused and not passed over."""
    create(["1", "a"], ["1", "it's"], ["2", "a"])
    assert found() == found("") == [["1", "a"], ["1", "it's"], ["2", "a"]]
    assert found("s = '1'") == [["1", "a"], ["1", "it's"]]
    assert found("s='1' AND k = 'it''s'") == [["1", "it's"]]
    for expression in ("s > '1'", "other = '1'", "s = 1"):
        assert found(expression) == "InvalidInputException"


def test_partitions_are_deleted_in_batches() -> None:
    """Those that are not there are told one by one, and the others go."""
    create(["1", "a"], ["1", "b"])
    gone = call(
        "glue",
        "BatchDeletePartition",
        {**WHERE, "PartitionsToDelete": [{"Values": ["1", "a"]}, {"Values": ["1", "x"]}]},
    )
    detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Partition not found."}
    assert gone["Errors"] == [{"PartitionValues": ["1", "x"], "ErrorDetail": detail}]
    assert found() == [["1", "b"]]


@pytest.mark.parametrize(
    ("operation", "member", "most"),
    [("BatchCreatePartition", "PartitionInputList", 100), ("BatchDeletePartition", "PartitionsToDelete", 25)],
)
def test_a_batch_has_a_limit(operation: str, member: str, most: int) -> None:
    """One more is refused, and nothing is done."""
    partitions = [{"Values": ["1", str(number)]} for number in range(most + 1)]
    refused = call("glue", operation, {**WHERE, member: partitions})
    assert refused["__type"] == "ValidationException"
    assert found() == []
    assert call("glue", operation, {**WHERE, member: partitions[:most]}).get("__type") is None


@pytest.mark.parametrize("values", [["1"], ["1", "a", "b"], []])
def test_a_partition_has_a_value_for_each_key(values: list[str]) -> None:
    """In whatever way it is written."""
    create(["1", "a"])
    one = {"Values": values}
    for operation, given in (
        ("CreatePartition", {"PartitionInput": one}),
        ("BatchCreatePartition", {"PartitionInputList": [one]}),
        ("BatchUpdatePartition", {"Entries": [{"PartitionValueList": ["1", "a"], "PartitionInput": one}]}),
    ):
        assert call("glue", operation, {**WHERE, **given})["__type"] == "InvalidInputException"
    assert found() == [["1", "a"]]


def test_a_table_that_is_not_there_has_no_partitions_to_look_for() -> None:
    """It is an error to ask for them."""
    nowhere = {"DatabaseName": "d", "TableName": "nowhere"}
    for operation, given in (
        ("GetPartitions", {}),
        ("BatchCreatePartition", {"PartitionInputList": [{"Values": ["1", "a"]}]}),
        ("BatchDeletePartition", {"PartitionsToDelete": [{"Values": ["1", "a"]}]}),
    ):
        assert call("glue", operation, {**nowhere, **given})["__type"] == "EntityNotFoundException"
