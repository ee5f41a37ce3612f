"""The real templates, deployed once per session by the real CDK command, with IAM on and over TLS."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.cdk import Cdk
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.cloud.local.account import REGION, Account
from tests.cloud.pipeline.aurora import Ledger, open_ledger, start_ledger
from tests.cloud.pipeline.pipeline import ACCOUNT_ID, NAMES, Pipeline
from tests.cloud.pipeline.shop import exports_of, open_shop


@pytest.fixture(scope="session")
def cdk(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    return Cdk(tmp_path_factory.mktemp("cdk"), account.instance.environment())


@pytest.fixture(scope="session")
def shop(account: Account, postgres: PostgresServer) -> Database:
    """The database that exports of the pipeline read; empty."""
    return open_shop(account, postgres)


@pytest.fixture(scope="session")
def ledger(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """The database that writes to S3 itself; empty."""
    with start_ledger(tmp_path_factory.mktemp("ledger")) as server:
        yield open_ledger(account, server)


@pytest.fixture(scope="session")
def config(
    account: Account, postgres: PostgresServer, ledger: Ledger, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What is deployed."""
    return exports_of(account, postgres, ledger.server, tmp_path_factory.mktemp("exports"))


@pytest.fixture(scope="session")
def pipeline(account: Account, cdk: Cdk, config: Path, session_environment: pytest.MonkeyPatch) -> Pipeline:
    """Everything in exports.yaml, deployed; nothing of it has run."""
    for name, value in account.instance.environment().items():
        session_environment.setenv(name, value)
    cdk.synth(config)
    cdk.bootstrap()
    cdk.deploy()
    return Pipeline(account, notices=_mailbox(account))


@pytest.fixture(scope="session")
def session_environment() -> Iterator[pytest.MonkeyPatch]:
    """Environment variables for the whole session: awswrangler reads its endpoint from them."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def _mailbox(account: Account) -> Callable[[], list[str]]:
    """A queue that is subscribed to the notices, read into a growing list."""
    sqs, sns = account.client("sqs"), account.client("sns")
    queue = sqs.create_queue(QueueName="pipeline-notices")["QueueUrl"]
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:{NAMES.topic}"
    queue_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:pipeline-notices"
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    received: list[str] = []

    def read() -> list[str]:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            received.append(json.loads(message["Body"])["Message"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return received

    return read
