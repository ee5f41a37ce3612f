"""The AWS services a helper function talks to, each client made once and only when asked for."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import boto3

from lakeshot.config.deployed import Deployed
from lakeshot.names import StageNames
from lakeshot.runs.liveness import Liveness
from lakeshot.runs.lock import Lock
from lakeshot.runs.records import RunTable
from lakeshot.runs.snapshots import Snapshots
from lakeshot.steps.environment import FunctionEnvironment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_ssm.client import SSMClient

_SUBJECT_LENGTH = 99
"""SNS takes subjects of fewer than 100 ASCII characters."""


@dataclass(frozen=True)
class Services:
    """Clients of one session, and what is made of them for one stage."""

    session: boto3.Session
    environment: FunctionEnvironment

    @classmethod
    def of_function(cls) -> "Services":
        """The services of the running Lambda function."""
        return cls(session=boto3.Session(), environment=FunctionEnvironment.parse(os.environ))

    @property
    def names(self) -> StageNames:
        """Names of what the stage shares."""
        return self.environment.names

    @cached_property
    def s3(self) -> "S3Client":
        """S3."""
        return self.session.client("s3")

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """DynamoDB, for the run table; sources are read by ``source_dynamodb``."""
        return self.session.client("dynamodb")

    @cached_property
    def glue(self) -> "GlueClient":
        """Glue."""
        return self.session.client("glue")

    @cached_property
    def ssm(self) -> "SSMClient":
        """SSM."""
        return self.session.client("ssm")

    @cached_property
    def _sns(self) -> "SNSClient":
        return self.session.client("sns")

    @cached_property
    def liveness(self) -> Liveness:
        """Whether runs can still do anything."""
        return Liveness(sfn=self.session.client("stepfunctions"), glue=self.glue)

    @property
    def runs(self) -> RunTable:
        """Run records."""
        return RunTable(self.dynamodb, self.names.run_table)

    def lock(self, deployed: Deployed) -> Lock:
        """The lock of an export."""
        return Lock(self.dynamodb, table=self.names.run_table, export=deployed.export)

    def snapshots(self, deployed: Deployed) -> Snapshots:
        """The snapshots of an export."""
        return Snapshots(self.dynamodb, table=self.names.run_table, export=deployed.export)

    def source_dynamodb(self, role_arn: str) -> "DynamoDBClient":
        """DynamoDB under an export's own role."""
        role = self.session.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="lakeshot-plan")
        credentials = role["Credentials"]
        return self.session.client(
            "dynamodb",
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )

    def notify(self, subject: str, text: str) -> None:
        """Send a notice to everybody who subscribed to the stage's topic."""
        self._sns.publish(
            TopicArn=self.environment.topic_arn,
            Subject=subject.encode("ascii", "replace").decode()[:_SUBJECT_LENGTH],
            Message=text,
        )
