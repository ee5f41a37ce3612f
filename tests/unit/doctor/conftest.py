"""An export of a real database whose AWS is in memory, and its examination."""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.client import BaseClient

from lakeshot.config.connections import DeployedConnection
from lakeshot.config.deployed import Deployed
from lakeshot.config.exports import parse_config
from lakeshot.doctor import services
from lakeshot.doctor.examine import examine
from lakeshot.doctor.report import Check, Outcome, Report, deployed_uri, examination_uri, report_uri
from lakeshot.stored import load, put_once
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.unit.conftest import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

NAME = "20261121T120000Z-1a2b"
ASSETS, SECRET, USER, PASSWORD = "assets", "shop/reader", "doctor_reader", "kept-to-itself-9f3c"
WRONG_PASSWORD = "not-this-one-either"
Change = Callable[..., Deployed]


@pytest.fixture
def shop(database: Database) -> Database:
    """A database with a table, its rows, and a user who may read all of them."""
    database.execute("CREATE TABLE article (id bigint PRIMARY KEY, title text)")
    database.execute("INSERT INTO article SELECT n, 'title ' || n FROM generate_series(1, 1000) n")
    database.execute("ANALYZE article")
    database.create_reader(USER, PASSWORD)
    return database


@pytest.fixture
def aws_of_shop(
    dynamodb: "DynamoDBClient", s3: "S3Client", postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> "S3Client":
    """Everything that the job needs of AWS. CloudWatch answers; nobody asks it for anything."""
    s3.create_bucket(Bucket=ASSETS)
    s3.put_object(Bucket=ASSETS, Key="ca.pem", Body=postgres.ca_certificate.read_bytes())
    store({"username": USER, "password": PASSWORD})
    monkeypatch.setattr(services, "reach", lambda *_: 1.0)
    return s3


def store(secret: object) -> None:
    """Keep a secret, in the place of another."""
    client = boto3.client("secretsmanager")
    text = secret if isinstance(secret, str) else json.dumps(secret)
    try:
        client.create_secret(Name=SECRET, SecretString=text)
    except client.exceptions.ResourceExistsException:
        client.put_secret_value(SecretId=SECRET, SecretString=text)


@pytest.fixture
def articles(postgres: PostgresServer, shop: Database) -> Change:
    """The export ``articles`` as deployed, with the changes that are given."""

    def deployed(*, connection: dict[str, object] | None = None, **source: object) -> Deployed:
        place = {"host": postgres.host, "port": postgres.port, "database": shop.name, "secret": SECRET}
        place |= connection or {}
        wanted = {"type": "postgres", "connection": "shop", "table": "article"} | source
        config = parse_config(
            {
                "connections": {"shop": {"type": "postgres", "cluster": "shop", **place}},
                "exports": {"articles": {"source": {k: v for k, v in wanted.items() if v is not None}}},
            }
        )
        return Deployed.of(
            name="articles",
            export=config.exports["articles"],
            stage="dev",
            database="lakeshot",
            bucket=BUCKET,
            job_role_arn="arn:aws:iam::123456789012:role/lakeshot-dev-articles-job",
            connection=DeployedConnection.model_validate(
                {"name": "shop", "ca": f"s3://{ASSETS}/ca.pem"} | place
            ),
        )

    return deployed


def arguments(examination: str) -> list[str]:
    """What Glue passes to the script."""
    return ["script.py", "--JOB_NAME", "job", "--doctor", examination, "--region", "us-east-1"]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Exception], None]:
    """Have every call of one operation of AWS end in an error."""
    errors: dict[str, Exception] = {}
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def answered(client: BaseClient, operation: str, given: object) -> object:
        if operation in errors:
            raise errors[operation]
        return call(client, operation, given)

    monkeypatch.setattr(BaseClient, "_make_api_call", answered)
    return errors.__setitem__


class Examined:
    """What an examination found."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.checks = {check.name: check for check in report.checks}

    def __getitem__(self, name: str) -> Check:
        return self.checks[name]

    def ended(self, outcome: Outcome) -> list[str]:
        return [check.name for check in self.report.checks if check.outcome is outcome]


@pytest.fixture
def examined(
    aws_of_shop: "S3Client", capfd: pytest.CaptureFixture[str]
) -> Iterator[Callable[[Deployed], Examined]]:
    """Examine an export as its job would. Nothing it prints or stores shows the password."""

    def examination(deployed: Deployed) -> Examined:
        place = examination_uri(deployed, NAME)
        put_once(aws_of_shop, deployed_uri(place), deployed.model_dump_json().encode())
        examine(arguments(place))
        report = load(aws_of_shop, report_uri(place), Report)
        assert report.complete
        told.append(report.model_dump_json())
        return Examined(report)

    told: list[str] = []
    yield examination
    printed = capfd.readouterr()
    assert told
    for text in (*told, printed.out, printed.err):
        assert PASSWORD not in text
        assert WRONG_PASSWORD not in text
