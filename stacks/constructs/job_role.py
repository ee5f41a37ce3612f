"""The role under which an export's source is read and its files are written."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from lakeshot.config.export import Export
from lakeshot.dynamodb.source import Route
from lakeshot.names import ExportNames
from stacks.constructs.arns import Arns
from stacks.constructs.role import ServiceRole


def job_role_name(names: ExportNames, role_suffix: str) -> str:
    """The name of an export's job role in its region."""
    return f"{names.job_role}{role_suffix}"


class JobRole(ServiceRole):
    """One source table, one prefix, one partition of the run table; nothing of any other export.

    The steps that look at the source, or have it exported, assume it too, with these very permissions.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: ExportNames,
        settings: Export,
        arns: Arns,
        role_suffix: str,
    ) -> None:
        name = job_role_name(names, role_suffix)
        super().__init__(scope, id_, role_name=name, service="glue.amazonaws.com")
        steps = [arns.role(f"{arns.names.function(step)}{role_suffix}") for step in ("plan", "native_export")]
        # Named by condition: a role that is named as principal is lost when it is replaced, even by its like.
        self.assume_role_policy.add_statements(  # type: ignore[union-attr]
            iam.PolicyStatement(
                actions=["sts:AssumeRole"],
                principals=[iam.AccountPrincipal(cdk.Stack.of(self).account)],
                conditions={"ArnEquals": {"aws:PrincipalArn": steps}},
            )
        )
        self._arns = arns
        route = settings.effective_route
        self._read_source(settings.source.table, route)
        self._read_raw_exports(names, route)
        self._write_files(names, route, changes=settings.kind == "changes")
        self._know_run(names)
        self._write_logs()

    def _read_source(self, table_name: str, route: Route) -> None:
        table = self._arns.source_table(table_name)
        self.allow("dynamodb:DescribeTable", on=[table])
        if route != "native":
            self.allow("dynamodb:Scan", on=[table])
        if route != "scan":
            self.allow("dynamodb:DescribeContinuousBackups", "dynamodb:ExportTableToPointInTime", on=[table])
            self.allow(
                "dynamodb:DescribeExport",
                on=[f"{table}/export/*"],
                reason="DynamoDB gives every export of the table an id of its own.",
            )

    def _read_raw_exports(self, names: ExportNames, route: Route) -> None:
        """DynamoDB writes an export under the role that asked for it."""
        if route != "scan":
            self.allow(
                "s3:AbortMultipartUpload",
                "s3:GetObject",
                "s3:PutObject",
                "s3:PutObjectAcl",
                on=[self._arns.objects(f"{names.raw_exports_prefix}/")],
                reason="DynamoDB names its files itself, below the export's own prefix.",
            )

    def _write_files(self, names: ExportNames, route: Route, *, changes: bool) -> None:
        data = [names.data_prefix, *([names.changes_prefix] if changes else [])]
        self.allow(
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:PutObject",
            on=[self._arns.objects(prefix) for prefix in data],
            reason="Every run writes new keys below the export's own prefix.",
        )
        self.allow(
            "s3:GetObject",
            "s3:PutObject",
            on=[self._arns.objects(names.runs_prefix)],
            reason="Run files lie below the run's id, which is new for every run.",
        )
        self.allow(
            "s3:ListBucketMultipartUploads", on=[self._arns.bucket]
        )  # knows no condition on the prefix
        prefixes = [*data, names.runs_prefix]
        if route != "scan":
            prefixes.append(f"{names.raw_exports_prefix}/")
        self.allow(
            "s3:ListBucket",
            on=[self._arns.bucket],
            when={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
        )

    def _know_run(self, names: ExportNames) -> None:
        self.allow(
            "dynamodb:ConditionCheckItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            on=[self._arns.run_table],
            when={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [f"export#{names.export}"]}},
        )

    def _write_logs(self) -> None:
        self.allow(
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            on=[self._arns.logs("/aws-glue/*")],
            reason="Glue makes its log groups and streams itself, under this name for every job.",
        )
        self.allow(
            "cloudwatch:PutMetricData",
            on=["*"],
            when={"StringEquals": {"cloudwatch:namespace": "Glue"}},
            reason="PutMetricData knows no resources; the namespace confines it.",
        )
