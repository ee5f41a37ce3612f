"""The role under which an export's source is read and its files are written."""

from constructs import Construct

from lakeshot.config.export import Export
from lakeshot.names import ExportNames
from stacks.constructs.arns import Arns
from stacks.constructs.file_keys import READ, use_file_keys
from stacks.constructs.role import ServiceRole


def job_role_name(names: ExportNames, role_suffix: str) -> str:
    """The name of an export's job role in its region."""
    return f"{names.job_role}{role_suffix}"


class JobRole(ServiceRole):
    """One prefix, one partition of the run table; nothing of any other export.

    What it may do at the source is added by who knows that kind of source.
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
        self._arns = arns
        self._write_files(names, settings)
        self._know_run(names)
        source = settings.source
        landing = source.landing if source.type == "postgres" else None
        if landing is not None and landing.kms_key is not None:
            use_file_keys(self, [landing.kms_key], READ, arns)
        self._write_logs()

    def _write_files(self, names: ExportNames, settings: Export) -> None:
        data = [names.data_prefix, *([names.changes_prefix] if settings.kind == "changes" else [])]
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
        source = settings.effective_source
        if source.type == "dynamodb" and source.route != "scan":
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
