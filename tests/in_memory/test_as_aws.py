"""The services in memory answer as moto does, which is held against AWS by many more people than we are."""

import re
import zlib
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.in_memory.dynamodb import DynamoDBInMemory
from tests.in_memory.glue import GlueInMemory
from tests.in_memory.s3 import S3InMemory

TABLE, BUCKET, DATABASE = "runs", "bucket", "lakeshot"
VALUES = st.sampled_from([{"S": "a"}, {"N": "1"}])
OTHERS = st.sampled_from([{"S": "b"}, {"N": "2"}])
"""Never one of the former: moto takes two names of one value for one."""
CONDITIONS = st.sampled_from(
    [
        "attribute_not_exists(pk)",
        "attribute_exists(pk)",
        "attribute_not_exists(fence) OR fence = :v",
        "#n = :v AND attribute_not_exists(closing)",
        "#n <> :v AND attribute_exists(fence)",
        "(attribute_not_exists(#n) OR #n <> :v) AND (attribute_not_exists(#m) OR #m <> :v)",
        "attribute_not_exists(pk) OR #n = :v OR fence = :v",
        "#n <> :w AND fence <= :v",
    ]
)
UPDATES = st.sampled_from(
    [
        "SET #n = :v",
        "SET #n = :v, #m = :w",
        "SET fence = fence + :one",
        "SET #n = :v REMOVE #m",
        "REMOVE #n, closing",
    ]
)
KEYS = st.sampled_from(["a", "b"])


def writes(*kinds: str) -> st.SearchStrategy[tuple[str, str, str, str, Any, Any]]:
    """Writes of these kinds."""
    return st.tuples(st.sampled_from(kinds), KEYS, CONDITIONS, UPDATES, VALUES, OTHERS)


ALONE = st.lists(writes("Put", "Update", "Delete"), min_size=1, max_size=1)
TOGETHER = st.lists(writes("Update", "ConditionCheck"), min_size=1, max_size=3)


def outcome(call: Callable[[], Any]) -> Any:
    """What a call answers, or the code of its error."""
    try:
        found = call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return found


def write(drawn: tuple[str, str, str, str, Any, Any]) -> tuple[str, dict[str, Any]]:
    """One write with just the names and values that it uses."""
    kind, key, condition, update, value, other = drawn
    given: dict[str, Any] = {"TableName": TABLE, "ConditionExpression": condition}
    given["Item" if kind == "Put" else "Key"] = {"pk": {"S": "p"}, "sk": {"S": key}}
    if kind == "Put":
        given["Item"] |= {"run": value, "fence": {"N": "1"}}
    if kind == "Update":
        given["UpdateExpression"] = update
    used = set(re.findall(r"[#:]\w+", f"{condition} {given.get('UpdateExpression', '')}"))
    names = {"#n": "run", "#m": "closing"}
    values = {":v": value, ":w": other, ":one": {"N": "1"}}
    if named := {name: names[name] for name in names if name in used}:
        given["ExpressionAttributeNames"] = named
    if told := {name: values[name] for name in values if name in used}:
        given["ExpressionAttributeValues"] = told
    return kind, given


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.mark.usefixtures("aws")
@settings(deadline=None, max_examples=30, derandomize=True, phases=[Phase.generate])
@given(transactions=st.lists(ALONE | TOGETHER, max_size=8))
def test_writes_and_their_conditions_do_what_dynamodb_does(transactions: Any) -> None:
    """One entry goes by its own operation, more go as one transaction."""
    with mock_aws():
        real, memory = boto3.client("dynamodb"), DynamoDBInMemory()
        real.create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        for entries in transactions:
            made = [write(one) for one in entries]
            told = [outcome(partial(_write, client, made)) for client in (real, memory)]
            assert told[0] == told[1], made
            query = {
                "TableName": TABLE,
                "KeyConditionExpression": "pk = :pk AND begins_with(sk, :sk)",
                "ExpressionAttributeValues": {":pk": {"S": "p"}, ":sk": {"S": "a"}},
                "ConsistentRead": True,
                "ScanIndexForward": False,
            }
            assert real.query(**query)["Items"] == memory.query(**query)["Items"], made  # type: ignore[arg-type]


def _write(client: Any, made: list[tuple[str, dict[str, Any]]]) -> None:
    if len(made) > 1 or made[0][0] == "ConditionCheck":
        client.transact_write_items(TransactItems=[{kind: entry} for kind, entry in made])
    else:
        [(kind, entry)] = made
        getattr(client, f"{kind.lower()}_item")(**entry)


@pytest.mark.usefixtures("aws")
def test_objects_and_uploads_do_what_s3_does() -> None:
    """Conditional writes, ranges, uploads and their lists, and what a missing one is called."""
    with mock_aws():
        real = boto3.client("s3")
        real.create_bucket(Bucket=BUCKET)
        assert _s3_story(real) == _s3_story(S3InMemory())


def _s3_story(client: Any) -> list[Any]:
    crc32 = b64encode(zlib.crc32(b"body").to_bytes(4, "big")).decode()

    def put() -> Any:
        return client.put_object(Bucket=BUCKET, Key="k/1", Body=b"body", ContentType="t", IfNoneMatch="*")[
            "ETag"
        ]

    def read(**how: str) -> Any:
        answer = client.get_object(Bucket=BUCKET, **how)
        return answer["Body"].read(), answer["ContentLength"], answer["ETag"]

    def begin() -> str:
        return str(
            client.create_multipart_upload(
                Bucket=BUCKET, Key="k/2", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
            )["UploadId"]
        )

    def send(upload: str) -> Any:
        return client.upload_part(
            Bucket=BUCKET, Key="k/2", UploadId=upload, PartNumber=1, Body=b"body", ChecksumCRC32=crc32
        )["ETag"]

    def complete(upload: str, etag: str) -> None:
        client.complete_multipart_upload(
            Bucket=BUCKET,
            Key="k/2",
            UploadId=upload,
            ChecksumCRC32=crc32,
            ChecksumType="FULL_OBJECT",
            MpuObjectSize=4,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag, "ChecksumCRC32": crc32}]},
        )

    def listed() -> Any:
        found = client.list_objects_v2(Bucket=BUCKET, Prefix="k/").get("Contents", [])
        first = client.list_objects_v2(Bucket=BUCKET, Prefix="k/", MaxKeys=1).get("Contents", [])
        uploads = client.list_multipart_uploads(Bucket=BUCKET, Prefix="k/").get("Uploads", [])
        return [[one["Key"] for one in each] for each in (found, first, uploads)]

    story = [outcome(put), outcome(put), outcome(lambda: read(Key="k/1")), outcome(lambda: read(Key="k/9"))]
    story += [
        outcome(lambda: read(Key="k/1", Range="bytes=-2")[0]),
        outcome(lambda: client.head_object(Bucket=BUCKET, Key="k/9", ChecksumMode="ENABLED")),
    ]
    first, second = begin(), begin()
    story += [listed(), etag := outcome(lambda: send(first)), outcome(lambda: send(second))]
    complete(first, etag)
    story += [listed(), outcome(lambda: read(Key="k/2")[0])]

    def abort() -> None:
        client.abort_multipart_upload(Bucket=BUCKET, Key="k/2", UploadId=second)

    story += [outcome(abort), listed(), outcome(abort)]
    client.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "k/1"}, {"Key": "k/7"}], "Quiet": True})
    return [*story, listed()]


@pytest.mark.usefixtures("aws")
def test_tables_and_partitions_do_what_glue_does() -> None:
    """Except for versions, which are Glue's to refuse and moto does not look at."""
    with mock_aws():
        real = boto3.client("glue")
        real.create_database(DatabaseInput={"Name": DATABASE})
        assert _glue_story(real) == _glue_story(GlueInMemory())


def test_a_version_that_is_not_current_is_refused() -> None:
    """As Glue does, and as Apache Iceberg relies on."""
    glue = GlueInMemory()
    glue.create_table(DatabaseName=DATABASE, TableInput={"Name": "t"})
    version = glue.get_table(DatabaseName=DATABASE, Name="t")["Table"]["VersionId"]

    def update() -> None:
        glue.update_table(
            DatabaseName=DATABASE, TableInput={"Name": "t"}, VersionId=version, SkipArchive=True
        )

    assert [outcome(update), outcome(update)] == [None, "ConcurrentModificationException"]


def _glue_story(client: Any) -> list[Any]:
    where = {"DatabaseName": DATABASE}
    table = {"Name": "t", "TableType": "EXTERNAL_TABLE", "PartitionKeys": [{"Name": "s", "Type": "string"}]}
    partition = {"Values": ["1"], "Parameters": {"a": "b"}}

    def create(what: Any = table) -> None:
        client.create_table(**where, TableInput=what)

    def parameters() -> Any:
        return client.get_table(**where, Name="t")["Table"].get("Parameters", {})

    def add(*values: str) -> Any:
        inputs = [{**partition, "Values": [value]} for value in values]
        return refused(client.batch_create_partition(**where, TableName="t", PartitionInputList=inputs))

    def change(*values: str) -> Any:
        entries = [{"PartitionInput": {"Values": [value]}, "PartitionValueList": [value]} for value in values]
        return refused(client.batch_update_partition(**where, TableName="t", Entries=entries))

    def drop(*values: str) -> Any:
        wanted = [{"Values": [value]} for value in values]
        return refused(client.batch_delete_partition(**where, TableName="t", PartitionsToDelete=wanted))

    def refused(answer: Any) -> Any:
        return [
            (one.get("PartitionValues") or one["PartitionValueList"], one["ErrorDetail"]["ErrorCode"])
            for one in answer.get("Errors", [])
        ]

    def found(expression: str) -> Any:
        pages = client.get_paginator("get_partitions").paginate(
            **where, TableName="t", Expression=expression, ExcludeColumnSchema=True
        )
        return [(one["Values"], one.get("Parameters", {})) for page in pages for one in page["Partitions"]]

    story = [outcome(lambda: add("1")), outcome(parameters), outcome(lambda: drop("1"))]
    story.append(outcome(lambda: found("")))
    create()
    story += [outcome(create), outcome(parameters)]
    version = client.get_table(**where, Name="t")["Table"]["VersionId"]
    client.update_table(
        **where, TableInput={**table, "Parameters": {"c": "d"}}, VersionId=version, SkipArchive=True
    )
    story.append(outcome(parameters))
    story += [add("1", "2"), add("2", "3"), found(""), found("s = '2'"), change("1", "4"), found("s = '1'")]
    story += [drop("1", "4"), drop("1"), found("")]
    client.delete_table(**where, Name="t")
    return [*story, outcome(lambda: client.delete_table(**where, Name="t"))]
