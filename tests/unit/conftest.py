"""An AWS in memory for code that calls boto3, and the records most tests start from."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from lakeshot.config.deployed import Deployed
from lakeshot.config.exports import parse_config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

BUCKET = "lakeshot-dev-123456789012-us-east-1"
RUN_TABLE = "lakeshot-dev-runs"
NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


_make: Any = boto3.client  # typed for names that are written out only


def client_of(service: str, region_name: str | None = None) -> Any:
    """The client of a service that all tests share: making one takes longer than most of them."""
    return _client(service, region_name, os.environ.get("AWS_ENDPOINT_URL"))


@cache
def _client(service: str, region_name: str | None, _endpoint_url: str | None) -> Any:
    return _make(service, region_name=region_name)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No call of a test leaves this process, and nothing of one test is seen by another."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def dynamodb(aws: None) -> "DynamoDBClient":
    """DynamoDB with an empty run table."""
    client: DynamoDBClient = client_of("dynamodb")
    client.create_table(
        TableName=RUN_TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


@pytest.fixture
def s3(aws: None) -> "S3Client":
    """S3 with an empty bucket."""
    client: S3Client = client_of("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def deployed() -> Deployed:
    """The export ``reviews`` as deployed with every default."""
    config = parse_config({"exports": {"reviews": {"source": {"type": "dynamodb", "table": "Reviews"}}}})
    return Deployed.of(
        name="reviews",
        export=config.exports["reviews"],
        stage="dev",
        database="lakeshot",
        bucket=BUCKET,
        job_role_arn="arn:aws:iam::123456789012:role/lakeshot-dev-reviews-job",
    )
