"""The role a server was given for ``s3Export``, and S3 as that role sees it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

import boto3
from botocore.config import Config
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SERVICE = "rds.amazonaws.com"


class NoCredentialsError(Exception):
    """There is no role, or it doesn't trust the database service."""


class AssociatedRole(BaseModel):
    """A role's ARN, and the variables of whoever may assume it on the database service's behalf."""

    model_config = ConfigDict(frozen=True)

    role_arn: str
    environment: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what ``associate`` wrote."""
        try:
            return cls.model_validate_json(path.read_text())
        except FileNotFoundError:
            raise NoCredentialsError("no role is associated") from None

    def s3(self, region: str) -> "S3Client":
        """Assume the role as RDS does. Raises NoCredentialsError unless it trusts ``rds.amazonaws.com``."""
        endpoint_url, verify = self.environment["AWS_ENDPOINT_URL"], self.environment["AWS_CA_BUNDLE"]
        owner = boto3.Session(
            self.environment["AWS_ACCESS_KEY_ID"],
            self.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=region,
        )
        iam = owner.client("iam", endpoint_url=endpoint_url, verify=verify)
        role = iam.get_role(RoleName=self.role_arn.rsplit("/", 1)[-1])["Role"]
        if SERVICE not in json.dumps(role["AssumeRolePolicyDocument"]):
            raise NoCredentialsError(f"{self.role_arn} does not trust {SERVICE}")
        sts = owner.client("sts", endpoint_url=endpoint_url, verify=verify)
        keys = sts.assume_role(RoleArn=self.role_arn, RoleSessionName="s3Export")["Credentials"]
        session = boto3.Session(
            keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=region
        )
        return session.client(
            "s3", endpoint_url=endpoint_url, verify=verify, config=Config(retries={"max_attempts": 3})
        )
