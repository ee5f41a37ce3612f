"""The role a server was given for ``s3Export``, and S3 as that role sees it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OPERATION = "LakeshotCredentialsOfDatabase"
"""Of the embedded cloud's RDS, which alone knows whether a role trusts the service for this database."""


class NoCredentialsError(Exception):
    """There is no role, or it doesn't trust the database service on behalf of this database."""


class AssociatedRole(BaseModel):
    """A role's ARN, that of the database which holds it, and the variables of the account's root."""

    model_config = ConfigDict(frozen=True)

    role_arn: str
    source_arn: str | None
    environment: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what ``associate`` wrote."""
        try:
            return cls.model_validate_json(path.read_text())
        except FileNotFoundError:
            raise NoCredentialsError("no role is associated") from None

    def s3(self, region: str) -> "S3Client":
        """Take the role as RDS does. Raises NoCredentialsError unless it trusts ``rds.amazonaws.com``."""
        endpoint_url, verify = self.environment["AWS_ENDPOINT_URL"], self.environment["AWS_CA_BUNDLE"]
        owner = Credentials(self.environment["AWS_ACCESS_KEY_ID"], self.environment["AWS_SECRET_ACCESS_KEY"])
        form = {"Action": OPERATION, "RoleArn": self.role_arn, "SourceArn": self.source_arn or ""}
        request = AWSRequest("POST", endpoint_url, data=form)
        SigV4Auth(owner, "rds", region).add_auth(request)
        answer = URLLib3Session(verify=verify).send(request.prepare())  # type: ignore[arg-type]  # or a path
        if answer.status_code != 200:  # noqa: PLR2004
            raise NoCredentialsError(answer.text)
        keys = json.loads(answer.text)
        session = boto3.Session(
            keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=region
        )
        return session.client(
            "s3", endpoint_url=endpoint_url, verify=verify, config=Config(retries={"max_attempts": 3})
        )
