"""One contract test per hook into what writes DynamoDB's items and what its templates and calls say."""

import json
from itertools import pairwise
from typing import Any

import pytest
from ministack.core import iam_actions
from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

from local.hooks.item_changes import ItemChange, follow_recovery_of_templates, watch_items
from local.hooks.permissions import check_export_resources
from tests.unit.local.hooks.calls import call

KEYS = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def item(pk: str, n: int | None = None) -> dict[str, Any]:
    return {"pk": {"S": pk}} | ({} if n is None else {"n": {"N": str(n)}})


def statement(text: str) -> dict[str, object]:
    return {"Statement": text}


@pytest.fixture
def told() -> list[tuple[object, object]]:
    """What is told of a table's writes: the items before and after."""
    call("dynamodb", "CreateTable", {"TableName": "reviews", **KEYS})
    changes: list[tuple[object, object]] = []

    def changed(change: ItemChange) -> None:
        assert change.table.name == "reviews"
        changes.append((change.before, change.after))

    watch_items(changed)
    return changes


INSERT = "INSERT INTO reviews VALUE {'pk': '%s'}"
UPDATE = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "2"}}}
KEY = {"Key": item("a")}
WRITES: dict[str, tuple[str, dict[str, object], list[tuple[object, object]]]] = {
    "put": ("PutItem", {"TableName": "reviews", "Item": item("b")}, [(None, item("b"))]),
    "replace": ("PutItem", {"TableName": "reviews", "Item": item("a", 3)}, [(item("a", 1), item("a", 3))]),
    "update": ("UpdateItem", {"TableName": "reviews", **KEY, **UPDATE}, [(item("a", 1), item("a", 2))]),
    "delete": ("DeleteItem", {"TableName": "reviews", **KEY}, [(item("a", 1), None)]),
    "delete nothing": ("DeleteItem", {"TableName": "reviews", "Key": item("b")}, []),
    "batch": (
        "BatchWriteItem",
        {"RequestItems": {"reviews": [{"PutRequest": {"Item": item("b")}}, {"DeleteRequest": KEY}]}},
        [(None, item("b")), (item("a", 1), None)],
    ),
    "transaction": (
        "TransactWriteItems",
        {
            "TransactItems": [
                {"Put": {"TableName": "reviews", "Item": item("b")}},
                {"Update": {"TableName": "reviews", **KEY, **UPDATE}},
            ]
        },
        [(None, item("b")), (item("a", 1), item("a", 2))],
    ),
    "insert": ("ExecuteStatement", statement(INSERT % "b"), [(None, item("b"))]),
    "set": (
        "ExecuteStatement",
        statement("UPDATE reviews SET n = 2 WHERE pk = 'a'"),
        [(item("a", 1), item("a", 2))],
    ),
    "remove": ("ExecuteStatement", statement("DELETE FROM reviews WHERE pk = 'a'"), [(item("a", 1), None)]),
    "statements": (
        "BatchExecuteStatement",
        {"Statements": [statement(INSERT % "b"), statement("DELETE FROM reviews WHERE pk = 'a'")]},
        [(None, item("b")), (item("a", 1), None)],
    ),
    "transacted statements": (
        "ExecuteTransaction",
        {"TransactStatements": [statement(INSERT % "b"), statement("DELETE FROM reviews WHERE pk = 'a'")]},
        [(None, item("b")), (item("a", 1), None)],
    ),
    "failed transaction": (
        "ExecuteTransaction",
        {"TransactStatements": [statement(INSERT % "b"), statement(INSERT % "a")]},
        [],
    ),
}


@pytest.mark.parametrize("write", WRITES)
def test_every_operation_tells_what_it_wrote(told: list[tuple[object, object]], write: str) -> None:
    """The item before and after, once, and nothing of what was undone."""
    call("dynamodb", "PutItem", {"TableName": "reviews", "Item": item("a", 1)})
    told.clear()
    operation, request, expected = WRITES[write]
    answer = call("dynamodb", operation, request)
    assert told == expected, answer


def test_what_was_told_is_not_changed_by_later_writes(told: list[tuple[object, object]]) -> None:
    """A history may hold the stored objects."""
    call("dynamodb", "PutItem", {"TableName": "reviews", "Item": item("a", 1)})
    call("dynamodb", "UpdateItem", {"TableName": "reviews", **KEY, **UPDATE})
    call("dynamodb", "ExecuteStatement", statement("UPDATE reviews SET n = 3 WHERE pk = 'a'"))
    transacted: dict[str, object] = {"TransactItems": [{"Update": {"TableName": "reviews", **KEY, **UPDATE}}]}
    call("dynamodb", "TransactWriteItems", transacted)
    put = {"AttributeUpdates": {"n": {"Action": "PUT", "Value": {"N": "4"}}}}
    call("dynamodb", "UpdateItem", {"TableName": "reviews", **KEY, **put})
    states = [None, *(item("a", n) for n in (1, 2, 3, 2, 4))]
    assert told == list(pairwise(states))


def test_expired_items_are_removed_by_the_function_that_is_watched() -> None:
    """The thread that removes them runs once a minute, too seldom for a test."""
    assert "_remove_item" in dynamodb._ttl_reaper.__code__.co_names


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("AWS::DynamoDB::Table", {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}),
        (
            "AWS::DynamoDB::GlobalTable",
            {
                "Replicas": [
                    {
                        "Region": "us-east-1",
                        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                    }
                ]
            },
        ),
    ],
)
def test_a_template_s_recovery_is_told(kind: str, asked: dict[str, Any]) -> None:
    """When the table is made and when it is updated; not when the template does not speak of it."""
    switched: list[tuple[str, object]] = []
    follow_recovery_of_templates(lambda name, specification: switched.append((name, specification)))
    handlers = provisioners._RESOURCE_HANDLERS[kind]
    properties = {**KEYS, "TableName": "reviews", **asked}
    without = {**KEYS, "TableName": "reviews"}
    handlers["create"]("T", without, "stack")
    assert switched == []
    handlers["create"]("T", properties, "stack")
    named = {"logical_id": "T"} if handlers.get("update_with_logical_id") else {}
    handlers["update"]("reviews", without, properties, "stack", **named)
    assert switched == 2 * [("reviews", {"PointInTimeRecoveryEnabled": True})]


@pytest.mark.parametrize(
    ("request_", "resource"),
    [
        ({"ExportArn": "arn:export", "TableArn": "arn:table"}, "arn:export"),
        ({"TableArn": "arn:table"}, "arn:table"),
        ({}, "*"),
        ({"TableName": "reviews"}, "arn:aws:dynamodb:r:1:table/reviews"),
    ],
)
def test_an_export_call_is_checked_on_what_it_names(request_: dict[str, str], resource: str) -> None:
    """The export, the table, or everything when it names neither; other calls as before."""
    check_export_resources()
    body = json.dumps(request_).encode()
    assert iam_actions.extract_resource_arn("dynamodb", "POST", "/", {}, body, {}, "r", "1") == resource
