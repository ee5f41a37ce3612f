"""The AWS services that the commands talk to, in one region."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_scheduler.client import EventBridgeSchedulerClient
    from mypy_boto3_ssm.client import SSMClient
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_sts.client import STSClient


@dataclass(frozen=True)
class Clients:
    """Clients of one region; credentials and endpoint come from where any boto3 program has them."""

    executions: "SFNClient"
    identity: "STSClient"
    parameters: "SSMClient"
    schedules: "EventBridgeSchedulerClient"
    tables: "DynamoDBClient"

    @classmethod
    def of(cls, region: str | None) -> "Clients":
        """Clients of a region, or of the environment's own where it is None."""
        session = boto3.Session(region_name=region)
        return cls(
            executions=session.client("stepfunctions"),
            identity=session.client("sts"),
            parameters=session.client("ssm"),
            schedules=session.client("scheduler"),
            tables=session.client("dynamodb"),
        )

    @property
    def region(self) -> str:
        """The region all of them speak to."""
        return self.executions.meta.region_name

    @property
    def endpoint_url(self) -> str | None:
        """Where executions are, if that is not AWS; None if it is."""
        url = self.executions.meta.endpoint_url
        return None if ".amazonaws.com" in url else url
