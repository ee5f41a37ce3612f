"""What it takes to read one DynamoDB table, or to have it exported."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from lakeshot.dynamodb.source import DynamoDBSource
from lakeshot.names import ExportNames
from stacks.constructs.arns import Arns
from stacks.constructs.job_role import JobRole


def read_dynamodb(
    role: JobRole, source: DynamoDBSource, *, names: ExportNames, arns: Arns, role_suffix: str
) -> None:
    """Let a job read its one source table by the source's route.

    The steps that look at the table, or have it exported, assume the role too, with these very permissions.
    """
    _trust_steps(role, arns, role_suffix)
    table = arns.source_table(source.table)
    role.allow("dynamodb:DescribeTable", on=[table])
    if source.route != "native":
        role.allow("dynamodb:Scan", on=[table])
    if source.route != "scan":
        role.allow("dynamodb:DescribeContinuousBackups", "dynamodb:ExportTableToPointInTime", on=[table])
        role.allow(
            "dynamodb:DescribeExport",
            on=[f"{table}/export/*"],
            reason="DynamoDB gives every export of the table an id of its own.",
        )
        # DynamoDB writes an export under the role that asked for it.
        role.allow(
            "s3:AbortMultipartUpload",
            "s3:GetObject",
            "s3:PutObject",
            "s3:PutObjectAcl",
            on=[arns.objects(f"{names.raw_exports_prefix}/")],
            reason="DynamoDB names its files itself, below the export's own prefix.",
        )


def _trust_steps(role: JobRole, arns: Arns, role_suffix: str) -> None:
    steps = [arns.role(f"{arns.names.function(step)}{role_suffix}") for step in ("plan", "native_export")]
    # Named by condition: a role that is named as principal is lost when it is replaced, even by its like.
    role.assume_role_policy.add_statements(  # type: ignore[union-attr]
        iam.PolicyStatement(
            actions=["sts:AssumeRole"],
            principals=[iam.AccountPrincipal(cdk.Stack.of(role).account)],
            conditions={"ArnEquals": {"aws:PrincipalArn": steps}},
        )
    )
