"""The AWS services a helper function talks to, each client made once and only when asked for."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import boto3

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.names import StageNames
from lakeshot.runs.entrance import Entrance
from lakeshot.runs.keys import group_key
from lakeshot.runs.liveness import Liveness
from lakeshot.runs.lock import Holder
from lakeshot.runs.pointers import Pointers
from lakeshot.runs.records import RunTable
from lakeshot.runs.snapshots import Snapshots
from lakeshot.steps.entering import EnteredRun, enter
from lakeshot.steps.environment import FunctionEnvironment
from lakeshot.steps.messages import END_OF_EXECUTION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_rds.client import RDSClient
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
    def rds(self) -> "RDSClient":
        """RDS, Aurora's clusters included."""
        return self.session.client("rds")

    @cached_property
    def _lambda(self) -> "LambdaClient":
        return self.session.client("lambda")

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

    @property
    def pointers(self) -> Pointers:
        """The published pointers."""
        return Pointers(self.dynamodb, table=self.names.run_table)

    def enter(self, plan_uri: str, redrive: int, *, anew: bool = False) -> EnteredRun:
        """Enter the run whose plan this is (see ``Entrance.enter``)."""
        now = datetime.now(UTC)
        return enter(self.s3, self.dynamodb, plan_uri, redrive=redrive, now=now, anew=anew)

    def enter_group(self, group: DeployedGroup, run: str, redrive: int, *, anew: bool = False) -> int:
        """Enter a group's run; the fencing number it holds for the group."""
        entrance = Entrance(self.dynamodb, table=self.names.run_table, partition=group_key(group.group))
        return entrance.enter(run=run, redrive=redrive, now=datetime.now(UTC), anew=anew)

    def have_closed(self, holder: Holder, partition: str) -> bool:
        """Have ``close`` end the run of a lock's holder, without waiting; False if it is running."""
        detail = self.liveness.end_of(holder.execution_arn)
        if detail is not None:
            if "input" not in detail:  # nobody but the run table knows any more what it ran
                detail = {**detail, **self._remembered(holder.run, partition)}
            self._lambda.invoke(
                FunctionName=self.names.function("close"),
                InvocationType="Event",
                Payload=json.dumps({"detail-type": END_OF_EXECUTION, "detail": detail}),
            )
        return detail is not None

    def _remembered(self, run: str, partition: str) -> Mapping[str, object]:
        """What the run table remembers of an execution: what it ran, and how often it was redriven."""
        kind, _, name = partition.partition("#")
        records = self.runs if kind == "export" else RunTable.of_groups(self.dynamodb, self.names.run_table)
        record = records.get(name, run)
        if record is None:
            return {"input": json.dumps({kind: name})}
        named = {"group": record.group} if record.group else {kind: name}
        return {"input": json.dumps(named), "redriveCount": record.redrive}

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
