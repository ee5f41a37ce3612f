"""The certificates that a database's own has to lead to, as an asset in the bootstrap bucket."""

import ssl
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from lakeshot.config.connections import Connection
from lakeshot.errors import ConfigError
from stacks.assets.rds_ca_bundle import BUNDLE


class Certificates(Construct):
    """The file of ``tls_ca``, else Amazon's own for RDS and Aurora: its S3 URI and the ARN of this object.

    ConfigError if the file is missing or holds no certificates.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, connection: Connection) -> None:
        super().__init__(scope, id_)
        asset = assets.Asset(self, "File", path=str(certificates_file(name, connection)))
        self.uri = asset.s3_object_url
        self.object_arn = f"arn:{cdk.Aws.PARTITION}:s3:::{asset.s3_bucket_name}/{asset.s3_object_key}"


def certificates_file(name: str, connection: Connection) -> Path:
    """The file of certificates of the connection ``name``; ConfigError if it holds none."""
    if connection.tls_ca is None:
        return BUNDLE
    path = Path(connection.tls_ca)
    place = f"connection {name!r}, field 'tls_ca': the file {str(path)!r}"
    wanted = "give a file of one or more certificates as PEM, beside exports.yaml or by its whole path"
    try:
        text = path.read_text("ascii")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{place} is not PEM but something binary; {wanted}") from error
    except OSError as error:
        raise ConfigError(f"{place} cannot be read ({error.strerror}); {wanted}") from error
    if "PRIVATE KEY-----" in text:
        raise ConfigError(f"{place} holds a private key, which would be uploaded; {wanted}, and nothing else")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(f"{place} holds no certificates that can be read; {wanted}") from error
    return path
