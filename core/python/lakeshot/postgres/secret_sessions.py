"""Opens sessions for a run anywhere, with the password that its secret holds at that time."""

from dataclasses import dataclass

import asyncpg
import boto3

from lakeshot.postgres.server import SecretsClient, Server, login_from_secret
from lakeshot.postgres.session import connect
from lakeshot.worker_process import made_once


@made_once
def secrets_client(region: str) -> SecretsClient:
    """Secrets Manager's client."""
    client: SecretsClient = boto3.client("secretsmanager", region_name=region)
    return client


@dataclass(frozen=True)
class SecretSessions:
    """Opens sessions of one database; can be sent to other processes, as it holds no password.

    ``secret`` names the secret in Secrets Manager. The timeouts are those of ``session.connect``.
    """

    server: Server
    secret: str
    region: str
    application_name: str
    lock_timeout_seconds: float = 30.0
    statement_timeout_seconds: float = 0.0
    idle_timeout_seconds: float = 0.0

    async def __call__(self) -> asyncpg.Connection:
        """One more session."""
        return await connect(
            self.server,
            login_from_secret(secrets_client(self.region), self.secret),
            application_name=self.application_name,
            lock_timeout_seconds=self.lock_timeout_seconds,
            statement_timeout_seconds=self.statement_timeout_seconds,
            idle_timeout_seconds=self.idle_timeout_seconds,
        )
