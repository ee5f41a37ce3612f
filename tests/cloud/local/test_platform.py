"""What Lakeshot's templates rely on beyond jobs and state machines works as on AWS."""

import base64
import json
import zlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloud.local.account import BUCKET, Account, wait_for
from tests.cloud.local.platform_template import TEMPLATE

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def stack(account: Account) -> Account:
    formation = account.client("cloudformation")
    formation.create_stack(
        StackName="platform", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_IAM"]
    )

    def status() -> dict[str, Any]:
        described: dict[str, Any] = formation.describe_stacks(StackName="platform")["Stacks"][0]
        return described

    end = wait_for(status, lambda now: not now["StackStatus"].endswith("IN_PROGRESS"))
    assert end["StackStatus"] == "CREATE_COMPLETE", formation.describe_stack_events(StackName="platform")
    return account


def next_message(account: Account, queue: str) -> dict[str, Any]:
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    messages = wait_for(
        lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"), bool, seconds=20
    )
    sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    message: dict[str, Any] = json.loads(messages[0]["Body"])
    return message


def test_custom_resource_answers_through_its_response_url(stack: Account) -> None:
    """A Lambda-backed custom resource's attribute reaches another resource."""
    parameter = stack.client("ssm").get_parameter(Name="/lakeshot/dev/answer")["Parameter"]
    assert (parameter["Type"], parameter["Value"]) == ("String", "42")


def test_aborted_execution_is_told_to_a_lambda(stack: Account) -> None:
    """The status event of an execution that ended badly invokes the rule's Lambda as on AWS."""
    states = stack.client("stepfunctions")
    machine = "arn:aws:states:us-east-1:000000000000:stateMachine:watched"
    started = states.start_execution(stateMachineArn=machine, name="run-1", input='{"export": "reviews"}')
    states.stop_execution(executionArn=started["executionArn"])
    event = next_message(stack, "events")
    detail = event["detail"]
    assert (event["source"], event["detail-type"]) == ("aws.states", "Step Functions Execution Status Change")
    assert (detail["status"], detail["name"], detail["stateMachineArn"]) == ("ABORTED", "run-1", machine)
    assert detail["executionArn"] == started["executionArn"]
    assert json.loads(detail["input"]) == {"export": "reviews"}


def test_schedule_starts_an_execution_with_its_scheduled_time(stack: Account) -> None:
    """A due schedule starts its state machine under its role, its context attributes filled in."""
    states = stack.client("stepfunctions")
    machine = "arn:aws:states:us-east-1:000000000000:stateMachine:watched"

    def inputs() -> list[str]:
        listed = states.list_executions(stateMachineArn=machine)["executions"]
        described = [states.describe_execution(executionArn=one["executionArn"]) for one in listed]
        return [one["input"] for one in described if "scheduled_time" in one["input"]]

    found = wait_for(inputs, bool, seconds=20)
    assert json.loads(found[0])["scheduled_time"].startswith("20")
    assert json.loads(found[0])["scheduled_time"].endswith("Z")


def test_schedule_without_permission_goes_to_its_dead_letter_queue(stack: Account) -> None:
    """A schedule whose role may not start the execution leaves its input in the dead-letter queue."""
    assert next_message(stack, "dead-letters") == {"buried": True}


def test_notices_reach_a_subscribed_queue(stack: Account) -> None:
    """A test reads what was published to a topic through a queue subscribed to it."""
    sqs, sns = stack.client("sqs"), stack.client("sns")
    url = sqs.create_queue(QueueName="notices")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = "arn:aws:sns:us-east-1:000000000000:notices"
    policy = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [policy]})})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    sns.publish(TopicArn=topic, Subject="failed", Message="the run failed")
    notice = next_message(stack, "notices")
    assert (notice["Subject"], notice["Message"]) == ("failed", "the run failed")


def test_second_writer_of_an_object_is_refused(account: Account) -> None:
    """``If-None-Match: *`` lets one PutObject and one CompleteMultipartUpload win."""
    s3 = account.client("s3")
    s3.put_object(Bucket=BUCKET, Key="once", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=BUCKET, Key="once", Body=b"second", IfNoneMatch="*")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="once")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="once", UploadId=upload, PartNumber=1, Body=b"third")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.complete_multipart_upload(
            Bucket=BUCKET, Key="once", UploadId=upload, MultipartUpload=parts, IfNoneMatch="*"
        )


def test_multipart_checksum_is_of_the_whole_object(account: Account) -> None:
    """A multipart upload of type FULL_OBJECT carries one CRC32 of all bytes, which HeadObject tells."""
    s3 = account.client("s3")
    first, second = b"a" * 5_242_880, b"b" * 10
    whole = base64.b64encode(zlib.crc32(first + second).to_bytes(4, "big")).decode()
    upload = s3.create_multipart_upload(
        Bucket=BUCKET, Key="summed", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
    )["UploadId"]
    parts = []
    for number, body in ((1, first), (2, second)):
        sent = s3.upload_part(
            Bucket=BUCKET,
            Key="summed",
            UploadId=upload,
            PartNumber=number,
            Body=body,
            ChecksumAlgorithm="CRC32",
        )
        parts.append({"PartNumber": number, "ETag": sent["ETag"], "ChecksumCRC32": sent["ChecksumCRC32"]})
    s3.complete_multipart_upload(
        Bucket=BUCKET,
        Key="summed",
        UploadId=upload,
        MultipartUpload={"Parts": parts},
        ChecksumType="FULL_OBJECT",
        ChecksumCRC32=whole,
    )
    head = s3.head_object(Bucket=BUCKET, Key="summed", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC32"], head["ChecksumType"]) == (whole, "FULL_OBJECT")


def test_conditional_write_refuses_a_stale_writer(account: Account) -> None:
    """A DynamoDB condition that does not hold changes nothing."""
    dynamodb = account.client("dynamodb")
    dynamodb.create_table(
        TableName="locks",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"id": {"S": "reviews"}, "fence": {"N": "2"}}
    dynamodb.put_item(TableName="locks", Item=item, ConditionExpression="attribute_not_exists(id)")
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        dynamodb.update_item(
            TableName="locks",
            Key={"id": {"S": "reviews"}},
            UpdateExpression="SET fence = :next",
            ConditionExpression="fence = :mine",
            ExpressionAttributeValues={":next": {"N": "3"}, ":mine": {"N": "1"}},
        )
    assert dynamodb.get_item(TableName="locks", Key={"id": {"S": "reviews"}})["Item"] == item
