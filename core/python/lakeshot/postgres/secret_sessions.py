"""Opens sessions for a run anywhere, with the password that its secret holds at that time."""

import asyncio
from dataclasses import dataclass

import asyncpg
import boto3
from botocore.config import Config

from lakeshot.postgres.server import Login, SecretsClient, Server, login_from_secret
from lakeshot.postgres.session import connect
from lakeshot.worker_process import made_once

_IMPATIENT = Config(connect_timeout=10, read_timeout=20, retries={"total_max_attempts": 3})
"""A subnet without a route there would keep a session from being opened for minutes."""


@made_once
def secrets_client(region: str) -> SecretsClient:
    """Secrets Manager's client."""
    client: SecretsClient = boto3.client("secretsmanager", region_name=region, config=_IMPATIENT)
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
        login = await asyncio.to_thread(self._login)  # others' sessions are kept alive meanwhile
        return await connect(
            self.server,
            login,
            application_name=self.application_name,
            lock_timeout_seconds=self.lock_timeout_seconds,
            statement_timeout_seconds=self.statement_timeout_seconds,
            idle_timeout_seconds=self.idle_timeout_seconds,
        )

    def _login(self) -> Login:
        return login_from_secret(secrets_client(self.region), self.secret)
