"""Permissions that AWS documents as required and that the embedded cloud never asks for, with reasons."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.cloud.permissions.roles import Permission


@dataclass(frozen=True)
class Documented:
    """Actions on resources of roles, all by pattern. ``page`` is where AWS says that they are needed."""

    actions: tuple[str, ...]
    reason: str
    page: str
    resources: tuple[str, ...] = ("*",)
    roles: tuple[str, ...] = ("*",)

    def covers(self, role: str, permission: Permission) -> bool:
        """Whether a role's permission is one of these."""
        return (
            permission.action in self.actions
            and any(fnmatchcase(permission.resource, one) for one in self.resources)
            and any(fnmatchcase(role, f"*-{one}") for one in self.roles)
        )


_GUIDE = "https://docs.aws.amazon.com/"
_ATHENA = f"{_GUIDE}step-functions/latest/dg/connect-athena.html"
_GLUE_SERVICE = f"{_GUIDE}glue/latest/dg/create-service-policy.html"
_QUERYING = ("export", "verify-readable", "publish", "view")
_CATALOG = ("*:catalog", "*:database/*")
_TABLES = (*_CATALOG, "*:table/*")

DOCUMENTED = (
    Documented(
        ("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
        "Lambda and Step Functions send traces under the role; the stand-in traces nothing",
        f"{_GUIDE}lambda/latest/dg/services-xray.html",
    ),
    Documented(
        ("xray:GetSamplingRules", "xray:GetSamplingTargets"),
        "Step Functions decides under the role which executions it traces; the stand-in traces nothing",
        f"{_GUIDE}step-functions/latest/dg/concepts-xray-tracing.html",
        roles=("export",),
    ),
    Documented(
        (
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
        ),
        "Step Functions refuses a state machine with logging whose role may not set up the delivery",
        f"{_GUIDE}step-functions/latest/dg/cw-logs.html",
        roles=("export",),
    ),
    Documented(
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        "Lambda writes a function's log under its role; the stand-in writes it as itself",
        f"{_GUIDE}lambda/latest/dg/monitoring-cloudwatchlogs.html",
        resources=("*:/aws/lambda/*",),
    ),
    Documented(
        ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
        "Glue writes the logs of jobs and crawlers under their roles; the stand-in writes them as itself",
        _GLUE_SERVICE,
        resources=("*:/aws-glue/*",),
        roles=("job", "crawler"),
    ),
    Documented(
        ("cloudwatch:PutMetricData",),
        "Glue sends a job's metrics under its role; the stand-in has none",
        _GLUE_SERVICE,
        roles=("job",),
    ),
    Documented(
        ("kms:Decrypt",),
        "Secrets Manager decrypts a secret under the role of whoever asks for it; the stand-in does not",
        f"{_GUIDE}secretsmanager/latest/userguide/security-encryption.html",
        resources=("*:key/1234abcd-*",),
        roles=("job",),
    ),
    Documented(
        ("kms:Decrypt", "kms:GenerateDataKey"),
        "S3 uses the key of an encrypted object on behalf of whoever writes or reads it, GenerateDataKey for "
        "the object and Decrypt for each part but the first; the stand-in encrypts nothing",
        f"{_GUIDE}AmazonS3/latest/userguide/UsingKMSEncryption.html",
        resources=("*:key/5678abcd-*",),
        roles=("lands-job", "verify-files", "connection-shop-s3", *_QUERYING),
    ),
    Documented(
        ("ec2:DeleteTags",),
        "Part of AWSGlueServiceRole, which does not say when; the stand-in sets tags and leaves them",
        f"{_GUIDE}aws-managed-policy/latest/reference/AWSGlueServiceRole.html",
        roles=("job",),
    ),
    Documented(
        ("s3:ListBucket",),
        "S3 says of a missing object that it is forbidden to whoever may not list the bucket, so a plan that "
        "is not there yet, or is gone, could not be told; the stand-in says 404 to everybody",
        f"{_GUIDE}AmazonS3/latest/API/API_GetObject.html",
        roles=("plan", "native-export", "verify-files", "catalog", "report"),
    ),
    Documented(
        ("glue:GetJobRuns",),
        "Step Functions wants it for startJobRun.sync; the stand-in polls with GetJobRun alone",
        f"{_GUIDE}step-functions/latest/dg/connect-glue.html",
        roles=("export",),
    ),
    Documented(
        ("athena:GetDataCatalog",),
        "Athena looks up the data catalog that a query names; the stand-in has one only",
        _ATHENA,
        roles=_QUERYING,
    ),
    Documented(
        ("glue:GetDatabase",),
        "Athena looks up the database of a query; the stand-in goes straight to the table",
        f"{_GUIDE}athena/latest/ug/fine-grained-access-to-glue-resources.html",
        resources=_CATALOG,
        roles=_QUERYING,
    ),
    Documented(
        ("glue:BatchGetPartition", "glue:GetPartition", "glue:GetTables"),
        "Athena chooses how it reads tables and partitions; the stand-in uses GetTable and GetPartitions",
        _ATHENA,
        resources=_TABLES,
        roles=_QUERYING,
    ),
    Documented(
        ("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts"),
        "Athena writes and reads query results under the caller's role; the stand-in puts a result in one "
        "piece and answers GetQueryResults from memory",
        _ATHENA,
        resources=("*/athena/[*]",),
        roles=_QUERYING,
    ),
    Documented(
        (
            "glue:BatchGetPartition",
            "glue:BatchUpdatePartition",
            "glue:CreatePartition",
            "glue:GetPartition",
            "glue:GetTables",
            "glue:UpdatePartition",
            "glue:UpdateTable",
        ),
        "AWS says of a crawler's role only that it is AWSGlueServiceRole (glue:*) or a scoped-down version, "
        "not which calls a crawl makes; the stand-in makes fewer",
        f"{_GUIDE}glue/latest/dg/crawler-prereqs.html",
        resources=_TABLES,
        roles=("crawler",),
    ),
    Documented(
        ("s3:GetBucketLocation",),
        "Part of AWSGlueServiceRole; the stand-in's crawler has one region only",
        _GLUE_SERVICE,
        roles=("crawler",),
    ),
)
