"""A secret holds user and password; what is wrong with one is told, and nothing that is in it."""

import json
from collections.abc import Mapping

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)

from lakeshot.errors import PermissionDeniedError, SourceError
from lakeshot.postgres.server import Login, login_from_secret

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders-AbCdEf"


class Secrets:
    """Secrets Manager with one secret, or with one error."""

    def __init__(self, text: str | None = None, error: str = "", message: str = "") -> None:
        self._value = {"SecretString": text} if text is not None else {"SecretBinary": b"pa55word"}
        self._error, self._message = error, message

    def get_secret_value(self, *, SecretId: str) -> Mapping[str, object]:  # noqa: N803
        assert SecretId == ARN
        if self._error:
            raise ClientError({"Error": {"Code": self._error, "Message": self._message}}, "GetSecretValue")
        return self._value


@pytest.mark.parametrize(
    "more", [{}, {"engine": "postgres", "host": "db", "port": 5432}, {"engine": "aurora-postgresql"}]
)
def test_a_secret_as_aws_writes_it(more: Mapping[str, object]) -> None:
    """User and password are taken; host and port are the connection's own."""
    secret = json.dumps({"username": "reader", "password": 'p"ß', **more})
    assert login_from_secret(Secrets(secret), ARN) == Login(user="reader", password='p"ß')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pa55word", "not the text of a JSON object"),
        ('"pa55word"', "not the text of a JSON object"),
        (None, "not the text of a JSON object"),
        ('{"password": "pa55word"}', "lacks 'username' or 'password'"),
        ('{"username": "reader", "password": ""}', "lacks 'username' or 'password'"),
        ('{"username": ["pa55word"], "password": 7}', "lacks 'username' or 'password'"),
        ('{"username": "r", "password": "pa55word", "engine": "mysql"}', "for the engine 'mysql'"),
    ],
)
def test_a_secret_of_another_shape(text: str | None, expected: str) -> None:
    """It is told what is wanted, and nothing of what is there, not by a cause either."""
    with pytest.raises(SourceError, match=expected) as raised:
        login_from_secret(Secrets(text), ARN)
    assert ARN in str(raised.value)
    assert "pa55word" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_a_secret_that_may_not_be_read_or_is_not_there() -> None:
    said = f"User: arn:aws:sts::1:role is not authorized to perform: secretsmanager:GetSecretValue on {ARN}"
    with pytest.raises(PermissionDeniedError, match="secretsmanager:GetSecretValue"):
        login_from_secret(Secrets(error="AccessDeniedException", message=said), ARN)
    with pytest.raises(SourceError, match="ResourceNotFoundException"):
        login_from_secret(Secrets(error="ResourceNotFoundException"), ARN)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            EndpointConnectionError(endpoint_url="https://secretsmanager"),
            "'secretsmanager' among 'endpoints'",
        ),
        (
            ConnectTimeoutError(endpoint_url="https://secretsmanager"),
            "'secretsmanager' among 'endpoints' of the",
        ),
        (NoCredentialsError(), "there are no AWS credentials here; run as the job's role"),
    ],
)
def test_a_secrets_manager_that_cannot_be_reached(error: BotoCoreError, expected: str) -> None:
    """As from a subnet that has no route there."""

    class Unreachable:
        def get_secret_value(self, *, SecretId: str) -> Mapping[str, object]:  # noqa: N803
            raise error

    with pytest.raises(SourceError, match=expected):
        login_from_secret(Unreachable(), ARN)
