"""One embedded cloud for all cloud tests of a session."""

from collections.abc import Iterator

import boto3
import pytest

from local.instance import Instance
from tests.cloud.local.account import BUCKET, REGION, Account


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    # A minute of a job's timeout lasts three seconds here, so that a timeout can be waited for; one of an
    # export of DynamoDB a fifth, so that it takes a second and a window of changes three.
    directory = tmp_path_factory.mktemp("cloud")
    with Instance.start(directory, glue_minute_seconds=3, dynamodb_minute_seconds=0.2) as instance:
        account = Account(instance, boto3.Session("test", "test", region_name=REGION))
        account.client("s3").create_bucket(Bucket=BUCKET)
        yield account
