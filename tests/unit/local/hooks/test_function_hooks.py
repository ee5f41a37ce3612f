"""Contract tests of the hooks into Lambda's errors, Athena's permissions and Glue's partitions."""

from collections.abc import Iterator

import pytest
from ministack.core import iam_actions
from ministack.services import athena, eventbridge, lambda_svc

from local.hooks.events import invoke_functions_of_rules_again
from local.hooks.functions import name_function_errors, raised, send_failures_as_the_function
from local.hooks.partitions import supply_partition_operations
from local.hooks.permissions import check_glue_resources
from tests.unit.local.hooks.calls import call, make_role, wait_for

TRACEBACK = """START
Traceback (most recent call last):
  File "plan.py", line 9, in handler
    raise SourceError("no table: x")
lakeshot.errors.SourceError: no table: x"""


@pytest.mark.parametrize(
    ("log", "message", "name"),
    [
        (TRACEBACK, "no table: x", "SourceError"),
        ("Traceback\nKeyError: 'a'", "'a'", "KeyError"),
        ("Traceback\nAssertionError", "", "AssertionError"),
        ("nothing of the kind", "no table: x", None),
    ],
)
def test_the_exception_is_named_as_the_traceback_ends(log: str, message: str, name: str | None) -> None:
    """The class, without its module; nothing is guessed where there is no traceback."""
    assert raised(log, message) == name


def test_a_function_s_error_carries_the_class_of_its_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one name that ministack gives every exception is replaced, other errors stay."""
    failed = {"errorMessage": "no table: x", "errorType": "Runtime.HandlerError"}
    answers = iter(
        [
            {"body": failed, "error": True, "log": TRACEBACK},
            {"body": {"errorMessage": "slow", "errorType": "Sandbox.Timedout"}, "error": True, "log": ""},
        ]
    )
    monkeypatch.setattr(lambda_svc, "_execute_function_warm", lambda function, event, request: next(answers))
    name_function_errors()
    told = [lambda_svc._execute_function_warm({}, {}, "id")["body"]["errorType"] for _ in range(2)]
    assert told == ["SourceError", "Sandbox.Timedout"]


def test_a_failure_goes_to_a_destination_only_under_the_function_s_role(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The function's role needs the destination's own action."""
    queue = "arn:aws:sqs:us-east-1:000000000000:failures"
    sent: list[str] = []
    monkeypatch.setattr(
        lambda_svc, "_route_async_failure", lambda target, name, event, result: sent.append(name)
    )
    send_failures_as_the_function()
    for name, allowed in (("allowed", ["sqs:SendMessage"]), ("refused", ["sqs:ReceiveMessage"])):
        role = make_role(name, "lambda.amazonaws.com", *allowed)
        lambda_svc._functions[name] = {"config": {"Role": role}}
        lambda_svc._route_async_failure(queue, name, {}, {})
    assert sent == ["allowed"]


def test_an_athena_query_is_checked_on_its_workgroup() -> None:
    """Calls that name only a query are about the workgroup it was started in."""
    check_glue_resources()
    athena._executions["q-1"] = {"WorkGroup": "primary"}
    headers = {"x-amz-target": "AmazonAthena.GetQueryExecution"}
    body = b'{"QueryExecutionId": "q-1"}'
    arn = iam_actions.extract_resource_arn("athena", "POST", "/", headers, body, {}, "us-east-1", "1")
    assert arn == "arn:aws:athena:us-east-1:1:workgroup/primary"


def test_one_partition_is_updated() -> None:
    """UpdatePartition replaces a registered partition and refuses one that is not registered."""
    supply_partition_operations()
    where = {"DatabaseName": "d", "TableName": "t"}
    call("glue", "CreateDatabase", {"DatabaseInput": {"Name": "d"}})
    call("glue", "CreateTable", {"DatabaseName": "d", "TableInput": {"Name": "t"}})
    call(
        "glue", "CreatePartition", {**where, "PartitionInput": {"Values": ["1"], "Parameters": {"a": "old"}}}
    )
    new = {"Values": ["1"], "Parameters": {"a": "new"}}
    assert (
        call("glue", "UpdatePartition", {**where, "PartitionValueList": ["1"], "PartitionInput": new}) == {}
    )
    found = call("glue", "GetPartition", {**where, "PartitionValues": ["1"]})["Partition"]
    assert isinstance(found, dict)
    assert found["Parameters"] == {"a": "new"}
    refused = call("glue", "UpdatePartition", {**where, "PartitionValueList": ["2"], "PartitionInput": new})
    assert refused["__type"] == "EntityNotFoundException"


def test_a_function_that_a_rule_invokes_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it succeeds, and no more often than Lambda does."""
    answers: Iterator[dict[str, object]] = iter([{"error": True}, {"error": True}, {}])
    seen: list[object] = []

    def execute(_function: object, event: object) -> dict[str, object]:
        seen.append(event)
        return next(answers)

    monkeypatch.setattr(lambda_svc, "_execute_function", execute)
    monkeypatch.setattr(lambda_svc, "_LAMBDA_ASYNC_RETRY_BASE_SECONDS", 0)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:close"
    config = {"FunctionName": "close", "FunctionArn": arn}
    lambda_svc._functions["close"] = {"config": config, "versions": {}, "aliases": {}}
    invoke_functions_of_rules_again()
    eventbridge._dispatch_to_lambda(arn, '{"run": "a"}')
    wait_for(lambda: len(seen) == 3)
    assert seen == [{"run": "a"}] * 3
