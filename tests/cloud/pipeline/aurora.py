"""A database that writes to S3 itself: a real PostgreSQL with the embedded cloud's ``aws_s3``."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.postgres import aws_s3
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.cloud.local.account import REGION, Account

READER, PASSWORD = "lakeshot_lander", "another secret that no message tells"
CLUSTER, IDLE = "ledger-cluster", "idle-cluster"
FILE_BYTES = 3_000_000
"""At which the extension begins another file; Aurora does at 6 GB."""


@dataclass(frozen=True)
class Ledger:
    """The database, and the cluster that it stands for."""

    account: Account
    server: PostgresServer
    database: Database

    def associate(self) -> None:
        """Give the server the role that its cluster has for the feature s3Export, as AWS does."""
        [cluster] = self.account.client("rds").describe_db_clusters(DBClusterIdentifier=CLUSTER)["DBClusters"]
        [role] = [one["RoleArn"] for one in cluster["AssociatedRoles"] if one["FeatureName"] == "s3Export"]
        environment = self.account.instance.environment()
        aws_s3.associate(self.server, role, environment, source_arn=cluster["DBClusterArn"])

    @contextmanager
    def without_role(self) -> Iterator[None]:
        """The cluster has lost its role meanwhile."""
        aws_s3.dissociate(self.server)
        try:
            yield
        finally:
            self.associate()

    @contextmanager
    def without_extension(self) -> Iterator[None]:
        """Somebody has dropped it."""
        self.database.execute("DROP EXTENSION aws_s3")
        try:
            yield
        finally:
            self.database.execute("CREATE EXTENSION aws_s3")
            aws_s3.allow(self.database, READER)


def start_ledger(directory: Path) -> PostgresServer:
    """A server of its own, as others must not see what is offered here."""
    server = PostgresServer.start(directory)
    aws_s3.offer(server, region=REGION, file_bytes=FILE_BYTES)
    return server


def open_ledger(account: Account, server: PostgresServer) -> Ledger:
    """The database, whose reader may land what it may read; its login is in the account's secrets."""
    login = {"MasterUsername": "owner", "MasterUserPassword": "not the real one"}
    rds = account.client("rds")
    for cluster in (CLUSTER, IDLE):
        rds.create_db_cluster(DBClusterIdentifier=cluster, Engine="aurora-postgresql", **login)
    database = server.create_database("ledger")
    database.execute("CREATE EXTENSION aws_s3 CASCADE")
    database.create_reader(READER, PASSWORD)
    aws_s3.allow(database, READER)
    secret = json.dumps({"username": READER, "password": PASSWORD})
    account.client("secretsmanager").create_secret(Name="ledger/reader", SecretString=secret)
    return Ledger(account, server, database)
