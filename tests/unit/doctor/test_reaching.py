"""What keeps a job from its database is found where it is, and what needs it is not tried."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from lakeshot.config.deployed import Deployed
from lakeshot.doctor.certificate import encryption
from lakeshot.doctor.network import UnreachableError, reach
from lakeshot.doctor.report import Outcome
from lakeshot.postgres.server import Server
from local.postgres.certificates import make_certificates
from local.postgres.server import PostgresServer
from tests.unit.doctor.conftest import ASSETS, SECRET, USER, WRONG_PASSWORD, Change, Examined, store

Examine = Callable[[Deployed], Examined]
Answer = Callable[[str, Exception], None]
DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Operation")
OF_DATABASE = ["server", "connections", "table", "lock", "parts", "snapshot", "transactions"]


def test_everything_works(articles: Change, examined: Examine) -> None:
    """Each check says what it found, in the order in which one needs the other."""
    found = examined(articles())
    assert found.ended(Outcome.PASSED) == [check.name for check in found.report.checks]
    assert [check.name for check in found.report.checks] == [
        *("secret", "certificates", "host", "port", "encryption", "login"),
        *OF_DATABASE,
        *("files", "run table", "log", "metrics"),
    ]
    assert found["host"].found == "localhost is 127.0.0.1 (private)"
    assert found["encryption"].found.startswith("TLSv1.3, a certificate for localhost, 127.0.0.1, signed by ")
    assert found["server"].found == "PostgreSQL 18.4, the writer"
    assert found["table"].found == "public.article (table) may be read, 2 columns"
    assert found["parts"].found == "read as one part: 0.1 MB, about 1,000 rows, by one reader"
    assert found["snapshot"].found == "a second connection adopted the snapshot of the first"


def test_a_secret_that_may_not_be_read(articles: Change, examined: Examine, answer: Answer) -> None:
    """The action and the secret are named; the server is reached all the same."""
    answer("GetSecretValue", DENIED)
    found = examined(articles())
    assert found.ended(Outcome.FAILED) == ["secret"]
    assert found["secret"].found == (
        f"this role may not perform secretsmanager:GetSecretValue on {SECRET}; "
        "allow it in that role's policy and run again"
    )
    assert found["encryption"].outcome is Outcome.PASSED
    assert found.ended(Outcome.NOT_TRIED) == ["login", *OF_DATABASE]
    assert found["login"].found == "needs 'secret'"


def test_a_secret_that_may_not_be_decrypted(articles: Change, examined: Examine, answer: Answer) -> None:
    """Secrets Manager refuses it like the secret itself, but something else helps."""
    no_key = {"Error": {"Code": "AccessDeniedException", "Message": "Access to KMS is not allowed"}}
    answer("GetSecretValue", ClientError(no_key, "GetSecretValue"))  # type: ignore[arg-type]
    found = examined(articles())["secret"]
    assert found.outcome is Outcome.FAILED
    assert "give the key that it is encrypted with as 'secret_key' of the connection" in found.found


def test_no_way_to_secrets_manager(articles: Change, examined: Examine, answer: Answer) -> None:
    """What would give the job one is told by its name in exports.yaml."""
    answer("GetSecretValue", ConnectTimeoutError(endpoint_url="https://secretsmanager"))
    found = examined(articles())["secret"]
    assert found.outcome is Outcome.FAILED
    assert "secretsmanager cannot be reached for secretsmanager:GetSecretValue" in found.found
    assert "a NAT gateway, or 'secretsmanager' among 'endpoints' of the connection's network" in found.found


def test_a_secret_of_another_shape(articles: Change, examined: Examine) -> None:
    """What it holds is not repeated."""
    store(f'{{"password": "{WRONG_PASSWORD}"}}')
    assert "lacks 'username' or 'password'" in examined(articles())["secret"].found


def test_certificates_that_are_none(articles: Change, examined: Examine, s3: object) -> None:
    """The file is named, and where it comes from."""
    boto3.client("s3").put_object(Bucket=ASSETS, Key="ca.pem", Body=b"none")
    found = examined(articles())
    assert found["certificates"].found == (
        "s3://assets/ca.pem holds no certificates (PEM); correct 'tls_ca' and deploy"
    )
    assert found["port"].outcome is Outcome.PASSED
    assert found["encryption"].found == "needs 'certificates'"


def test_a_host_nobody_knows(articles: Change, examined: Examine) -> None:
    """Nothing else of the database is tried; AWS is."""
    found = examined(articles(connection={"host": "database.invalid"}))
    assert found.ended(Outcome.FAILED) == ["host"]
    assert found["host"].found.startswith("the name 'database.invalid' is not known here; correct it in")
    assert found.ended(Outcome.NOT_TRIED) == ["port", "encryption", "login", *OF_DATABASE]
    assert found["files"].outcome is Outcome.PASSED


@pytest.fixture
def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name leads here."""
    known = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *rest, **more: known("127.0.0.1", *rest, **more))


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize(
    ("kind", "consistency", "outcome"),
    [
        ("cluster-ro-", "shared", Outcome.WARNED),
        ("cluster-custom-", "shared", Outcome.WARNED),
        ("cluster-", "shared", Outcome.PASSED),
        ("", "shared", Outcome.PASSED),
        ("cluster-ro-", "single", Outcome.PASSED),
    ],
)
def test_an_endpoint_that_leads_to_several_servers(
    kind: str, consistency: str, outcome: Outcome, articles: Change, examined: Examine
) -> None:
    """Readers of one snapshot would meet servers that do not know it; the next connection may be lucky."""
    host = f"shop.{kind}abc.eu-central-1.rds.amazonaws.com"
    found = examined(articles(connection={"host": host}, consistency=consistency))["host"]
    assert found.outcome is outcome
    assert ("give the endpoint of one instance" in found.found) == (outcome is Outcome.WARNED)


def test_a_port_nobody_listens_at(articles: Change, examined: Examine) -> None:
    """That is told apart from packets that get lost."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        found = examined(articles(connection={"port": port}))
    assert found.ended(Outcome.FAILED) == ["port"]
    assert found["port"].found == (
        f"nothing listens at localhost:{port}; correct host and port in exports.yaml, or have it run"
    )


def test_no_answer(articles: Change, examined: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a security group drops is never answered: the group that has to be let in is named."""

    def silent(*_: object, **__: object) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", silent)
    deployed = articles()
    found = examined(deployed)["port"].found
    assert f"no answer from localhost:{deployed.postgres[1].port} within 5 seconds" in found
    assert "from the group 'lakeshot-dev-connection-shop'" in found


def test_a_network_without_a_route() -> None:
    """The system's own reason is told, and the advice."""
    with pytest.raises(UnreachableError, match=r"^256\.0\.0\.1:1 cannot be reached \(.+\); go round$"):
        reach("256.0.0.1", 1, "go round")


def test_a_certificate_of_another_authority(articles: Change, examined: Examine, s3: object) -> None:
    """It is told whose certificate the server shows, which says whose to trust."""
    boto3.client("s3").put_object(Bucket=ASSETS, Key="ca.pem", Body=make_certificates().authority)
    found = examined(articles())
    assert found.ended(Outcome.FAILED) == ["encryption"]
    assert "its certificate is not trusted" in found["encryption"].found
    assert "It shows a certificate for localhost, 127.0.0.1, signed by Lakeshot embedded" in (
        found["encryption"].found
    )


def test_a_certificate_for_another_name(articles: Change, examined: Examine) -> None:
    """The names that it is for are told."""
    found = examined(articles(connection={"host": "127.1"}))
    assert found.ended(Outcome.FAILED) == ["encryption"]
    assert "its certificate is for another name" in found["encryption"].found
    assert "a certificate for localhost, 127.0.0.1" in found["encryption"].found


def test_a_certificate_that_ends_soon(postgres: PostgresServer) -> None:
    """It still works, so somebody is warned."""
    server = Server(
        host="localhost",
        port=postgres.port,
        database="postgres",
        ca_certificates=postgres.ca_certificate.read_text(),
    )
    now = datetime.now(UTC)
    assert not encryption(server, now).warns
    later = encryption(server, now.replace(year=now.year + 1))
    assert later.warns
    assert later.found.endswith("; it ends soon: have it renewed")


def test_a_wrong_password(articles: Change, examined: Examine) -> None:
    """The user is named, no password is."""
    store({"username": USER, "password": WRONG_PASSWORD})
    found = examined(articles())
    assert found.ended(Outcome.FAILED) == ["login"]
    assert f'password authentication failed for user "{USER}"' in found["login"].found
    assert "correct the user and password in the secret" in found["login"].found
    assert found.ended(Outcome.NOT_TRIED) == OF_DATABASE


def test_a_database_that_is_not_there(articles: Change, examined: Examine) -> None:
    """The server lets the user in, and says so."""
    found = examined(articles(connection={"database": "nowhere"}))
    assert "there is no such database; correct its name in exports.yaml" in found["login"].found
