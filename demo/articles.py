"""The PostgreSQL table of the story: articles, in a database of its own, and who may read it."""

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from local.postgres import article
from local.postgres.server import PostgresServer

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CONNECTION, DATABASE, SECRET, READER = "shop", "shop", "demo/shop", "lakeshot"


def reachable(config: Path, server: PostgresServer, directory: Path) -> Path:
    """The config in a file of its own, with the address that the server has this time."""
    document = yaml.safe_load(config.read_text())
    document["connections"][CONNECTION] |= {"port": server.port, "tls_ca": str(server.ca_certificate)}
    file = directory / config.name
    file.write_text(yaml.safe_dump(document))
    return file


def create(server: PostgresServer, client: "SecretsManagerClient", rows: int) -> int:
    """Make the table with so many rows, and a login that is told by a secret; the rows there are."""
    shop = server.create_database(DATABASE)
    password = secrets.token_urlsafe(24)
    shop.create_reader(READER, password)
    client.create_secret(Name=SECRET, SecretString=json.dumps({"username": READER, "password": password}))
    article.create(shop)
    article.fill(shop, rows)
    [counted] = shop.query("SELECT count(*) FROM public.article")
    return int(counted[0])
