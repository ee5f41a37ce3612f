"""The AWS services that the commands talk to, in one region."""

from functools import cached_property
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_scheduler.client import EventBridgeSchedulerClient
    from mypy_boto3_ssm.client import SSMClient
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_sts.client import STSClient


class Clients:
    """Clients of one region, or of the environment's own where ``region`` is None.

    Credentials and endpoint come from where any boto3 program has them. Each client is made when it is
    first needed, because making one takes longer than most calls.
    """

    def __init__(self, region: str | None) -> None:
        self._region = region

    @cached_property
    def executions(self) -> "SFNClient":
        """Step Functions."""
        return boto3.client("stepfunctions", region_name=self._region)

    @cached_property
    def files(self) -> "S3Client":
        """S3."""
        return boto3.client("s3", region_name=self._region)

    @cached_property
    def identity(self) -> "STSClient":
        """Who is calling."""
        return boto3.client("sts", region_name=self._region)

    @cached_property
    def jobs(self) -> "GlueClient":
        """Glue."""
        return boto3.client("glue", region_name=self._region)

    @cached_property
    def parameters(self) -> "SSMClient":
        """Where stacks record what they deployed."""
        return boto3.client("ssm", region_name=self._region)

    @cached_property
    def schedules(self) -> "EventBridgeSchedulerClient":
        """EventBridge Scheduler."""
        return boto3.client("scheduler", region_name=self._region)

    @cached_property
    def tables(self) -> "DynamoDBClient":
        """DynamoDB, for the run table."""
        return boto3.client("dynamodb", region_name=self._region)

    @property
    def region(self) -> str:
        """The region all of them speak to."""
        return self.executions.meta.region_name

    @property
    def endpoint_url(self) -> str | None:
        """Where executions are, if that is not AWS; None if it is."""
        url = self.executions.meta.endpoint_url
        return None if ".amazonaws.com" in url else url
