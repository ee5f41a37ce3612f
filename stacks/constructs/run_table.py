"""The run table of a stage."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct


class RunTable(Construct):
    """Locks, run records, snapshots and published pointers, one partition per export.

    Records of runs that ended carry ``expires_at``, in epoch seconds; DynamoDB deletes them after it.
    """

    def __init__(self, scope: Construct, id_: str, *, table_name: str, keep_data: bool) -> None:
        super().__init__(scope, id_)
        dynamodb.Table(
            self,
            "Table",
            table_name=table_name,
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            removal_policy=cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
            if keep_data
            else cdk.RemovalPolicy.DESTROY,
        )
