"""A Lambda that starts another one asynchronously, and quotas of the roles they run under."""

import json

import pytest

from tests.cloud.local.account import Account, wait_for
from tests.cloud.local.conftest import zipped
from tests.cloud.local.platform_template import role

pytestmark = pytest.mark.cloud

CALLER = """
import boto3, json

def handler(event, context):
    answer = boto3.client("lambda").invoke(
        FunctionName="called", InvocationType="Event", Payload=json.dumps({"run": "20261122T000000Z"})
    )
    return answer["StatusCode"]
"""
CALLED = """
import boto3, json, os

def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["ATTEMPTS"], MessageBody=json.dumps(event))
    raise ValueError("the lock is held")
"""


def make_function(account: Account, name: str, code: str, role_arn: str, **variables: str) -> None:
    account.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="index.handler",
        Role=role_arn,
        Timeout=30,
        Code={"ZipFile": zipped({"index.py": code.encode()})},
        Environment={"Variables": variables},
    )


def received(account: Account, url: str) -> list[str]:
    messages = account.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    return [message["Body"] for message in messages.get("Messages", [])]


def test_an_asynchronous_invocation_is_tried_three_times_and_then_sent_on(account: Account) -> None:
    """A function invokes another as an event under its role; the failure ends in the destination."""
    sqs = account.client("sqs")
    attempts = sqs.create_queue(QueueName="attempts")["QueueUrl"]
    failures = sqs.create_queue(QueueName="failures")["QueueUrl"]
    queues = "arn:aws:sqs:us-east-1:000000000000:"
    called_role = account.make_role(
        "called",
        "lambda.amazonaws.com",
        ("sqs:SendMessage", f"{queues}attempts"),
        ("sqs:SendMessage", f"{queues}failures"),
    )
    make_function(account, "called", CALLED, called_role, ATTEMPTS=attempts)
    function = "arn:aws:lambda:us-east-1:000000000000:function:called"
    functions = account.client("lambda")
    functions.put_function_event_invoke_config(
        FunctionName="called", DestinationConfig={"OnFailure": {"Destination": f"{queues}failures"}}
    )
    allowed = account.make_role("caller", "lambda.amazonaws.com", ("lambda:InvokeFunction", function))
    make_function(account, "caller", CALLER, allowed)
    answer = functions.invoke(FunctionName="caller")
    assert json.load(answer["Payload"]) == 202
    sent = wait_for(lambda: received(account, failures), bool)
    assert json.loads(sent[0])["requestPayload"] == {"run": "20261122T000000Z"}
    assert json.loads(sent[0])["requestContext"]["condition"] == "RetriesExhausted"
    assert json.loads(sent[0])["responsePayload"]["errorType"] == "ValueError"
    assert len(received(account, attempts)) == 3


def test_a_function_may_invoke_only_what_its_role_may(account: Account) -> None:
    """Without lambda:InvokeFunction the asynchronous invocation is refused by name."""
    refused = account.make_role("refused-caller", "lambda.amazonaws.com", ("sqs:SendMessage", "*"))
    make_function(account, "refused-caller", CALLER, refused)
    answer = account.client("lambda").invoke(FunctionName="refused-caller")
    error = json.load(answer["Payload"])
    assert "is not authorized to perform: lambda:InvokeFunction on resource: " in error["errorMessage"]
    assert "function:called" in error["errorMessage"]


def test_a_stack_with_a_role_beyond_the_quota_fails_as_on_aws(account: Account) -> None:
    """CloudFormation tells IAM's sentence as the reason."""
    resources = [f"arn:aws:s3:::{'x' * 100}{number}" for number in range(100)]
    template = {"Resources": {"Role": role("glue.amazonaws.com", "s3:GetObject", resources)}}
    formation = account.client("cloudformation")
    formation.create_stack(
        StackName="too-large", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
    )
    wait_for(
        lambda: formation.describe_stacks(StackName="too-large")["Stacks"][0]["StackStatus"],
        lambda status: status == "ROLLBACK_COMPLETE",
    )
    events = formation.describe_stack_events(StackName="too-large")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any("Maximum policy size of 10240 bytes exceeded" in reason for reason in reasons), reasons
