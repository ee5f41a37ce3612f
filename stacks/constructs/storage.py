"""The bucket of a stage."""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lakeshot.names import RAW_EXPORTS_PREFIX
from stacks.constructs.acknowledgement import acknowledge

UPLOAD_DAYS = 9
"""No run lives longer than eight days, so an older multipart upload belongs to nobody."""
QUERY_RESULT_DAYS = 30
RAW_EXPORT_DAYS = 15
"""So long a failed conversion can be repeated without exporting the table again."""
NONCURRENT_DAYS = 30
ACCESS_LOG_DAYS = 90


class Storage(Construct):
    """Data, manifests, run files and query results, and who accessed them.

    Without ``keep_data`` the buckets are deleted with their stack, if they are empty: a person empties
    them first, so that no stack carries a function that may delete data.
    """

    def __init__(self, scope: Construct, id_: str, *, bucket_name: str, keep_data: bool) -> None:
        super().__init__(scope, id_)
        removal = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if keep_data else cdk.RemovalPolicy.DESTROY
        logs = s3.Bucket(
            self,
            "AccessLogs",
            bucket_name=f"{bucket_name}-logs",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[s3.LifecycleRule(id="expire", expiration=cdk.Duration.days(ACCESS_LOG_DAYS))],
            removal_policy=removal,
        )
        acknowledge(logs, "S1", "It receives the access logs; logging itself into itself would never end.")
        s3.Bucket(
            self,
            "Bucket",
            bucket_name=bucket_name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            server_access_logs_bucket=logs,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="unfinished-uploads",
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(UPLOAD_DAYS),
                ),
                s3.LifecycleRule(
                    id="noncurrent-versions",
                    noncurrent_version_expiration=cdk.Duration.days(NONCURRENT_DAYS),
                    expired_object_delete_marker=True,
                ),
                s3.LifecycleRule(
                    id="raw-exports",
                    prefix=RAW_EXPORTS_PREFIX,
                    expiration=cdk.Duration.days(RAW_EXPORT_DAYS),
                ),
                s3.LifecycleRule(
                    id="query-results", prefix="athena/", expiration=cdk.Duration.days(QUERY_RESULT_DAYS)
                ),
            ],
            removal_policy=removal,
        )
