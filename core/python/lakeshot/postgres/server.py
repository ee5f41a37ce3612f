"""Which server rows come from, and as whom."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from lakeshot.errors import SourceError
from lakeshot.model import Model
from lakeshot.refusals import error_code, refusals_named

_ENGINES = ("postgres", "postgresql", "aurora-postgresql")
"""What secrets that AWS makes call this kind of database."""


class Server(Model):
    """A database of a PostgreSQL server.

    ``ca_certificates`` are the authorities to trust, as PEM text; None trusts those of the system.
    """

    host: str
    port: int = 5432
    database: str
    ca_certificates: str | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Login:
    """Who reads. No text that is made of it shows the password."""

    user: str
    password: str = field(repr=False)


class SecretsClient(Protocol):
    """The operation of Secrets Manager that is used, as boto3 offers it."""

    def get_secret_value(self, *, SecretId: str) -> Mapping[str, object]:  # noqa: N803  (boto3's name)
        """The secret's value and what belongs to it."""


def login_from_secret(client: SecretsClient, secret: str) -> Login:
    """The user and password that a secret holds, named by its ARN or name.

    It is JSON with ``username`` and ``password``, as RDS and Secrets Manager write it; its host and
    database are not looked at. PermissionDeniedError if it may not be read, SourceError if it is not there,
    of another shape, or Secrets Manager cannot be reached.
    """
    try:
        with refusals_named("secretsmanager:GetSecretValue", secret):
            value = client.get_secret_value(SecretId=secret)
    except ClientError as error:
        raise SourceError(
            f"secret {secret!r} cannot be read: {error_code(error)}; give the ARN of a secret that is in "
            "this region and not to be deleted, and whose key this role may decrypt with"
        ) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise SourceError(
            f"secret {secret!r} cannot be read: there are no AWS credentials here; run as the job's role"
        ) from error
    except BotoCoreError as error:
        raise SourceError(
            f"secretsmanager cannot be reached for secretsmanager:GetSecretValue ({type(error).__name__}); "
            "give the job's subnets a way there: a NAT gateway, or 'secretsmanager' among 'endpoints' of the "
            "connection's network, and let the security groups pass port 443"
        ) from error
    return _login(value.get("SecretString"), secret)


def _login(text: object, secret: str) -> Login:
    try:
        fields = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        fields = None  # no cause is told, because its message may show what the secret holds
    if not isinstance(fields, dict):
        raise SourceError(f"secret {secret!r} is not the text of a JSON object; {_WANTED}")
    engine = fields.get("engine", _ENGINES[0])
    if engine not in _ENGINES:
        raise SourceError(f"secret {secret!r} is for the engine {engine!r}; give one for PostgreSQL")
    user, password = fields.get("username"), fields.get("password")
    if not (isinstance(user, str) and user and isinstance(password, str) and password):
        raise SourceError(f"secret {secret!r} lacks 'username' or 'password'; {_WANTED}")
    return Login(user=user, password=password)


_WANTED = 'it has to be as in {"username": "…", "password": "…"}'
