"""The crawler of an export."""

import json

from aws_cdk import aws_glue as glue
from constructs import Construct

from lakeshot.names import ExportNames
from stacks.constructs.acknowledgement import acknowledge
from stacks.constructs.arns import Arns
from stacks.constructs.role import ServiceRole

_CONFIGURATION = {
    "Version": 1.0,
    # Level 1 is the bucket, level 2 the export's prefix: one table, whatever the files below it look like.
    "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas", "TableLevelConfiguration": 2},
    "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}},
}


class ExportCrawler(Construct):
    """Adds new snapshots below the export's prefix to its first table; it changes and removes nothing.

    Whatever it cannot know, such as columns that are new, the catalog step adds from the manifest.
    """

    def __init__(
        self, scope: Construct, id_: str, *, names: ExportNames, arns: Arns, role_suffix: str
    ) -> None:
        super().__init__(scope, id_)
        role = ServiceRole(
            self, "Role", role_name=f"{names.crawler_role}{role_suffix}", service="glue.amazonaws.com"
        )
        self._allow(role, names, arns)
        crawler = glue.CfnCrawler(
            self,
            "Crawler",
            name=names.resource,
            role=role.role_arn,
            database_name=arns.database,
            targets=glue.CfnCrawler.TargetsProperty(
                s3_targets=[
                    glue.CfnCrawler.S3TargetProperty(path=f"s3://{arns.bucket_name}/{names.data_prefix}")
                ]
            ),
            # Snapshots that are registered are never looked at again, so a crawl costs what is new and
            # cannot undo what the catalog step wrote. AWS takes this with LOG for both behaviours only.
            recrawl_policy=glue.CfnCrawler.RecrawlPolicyProperty(recrawl_behavior="CRAWL_NEW_FOLDERS_ONLY"),
            schema_change_policy=glue.CfnCrawler.SchemaChangePolicyProperty(
                update_behavior="LOG", delete_behavior="LOG"
            ),
            configuration=json.dumps(_CONFIGURATION),
        )
        crawler.node.add_dependency(role)
        acknowledge(
            crawler, "GL1", "Its log names files and columns, no values; CloudWatch encrypts it itself."
        )

    def _allow(self, role: ServiceRole, names: ExportNames, arns: Arns) -> None:
        role.allow(
            "s3:GetObject",
            on=[arns.objects(names.data_prefix)],
            reason="Every run writes new keys below the export's own prefix.",
        )
        role.allow("s3:GetBucketLocation", on=[arns.bucket])
        role.allow(
            "s3:ListBucket", on=[arns.bucket], when={"StringLike": {"s3:prefix": [f"{names.data_prefix}*"]}}
        )
        role.allow(
            "glue:BatchCreatePartition",
            "glue:BatchGetPartition",
            "glue:BatchUpdatePartition",
            "glue:CreatePartition",
            "glue:CreateTable",
            "glue:GetPartition",
            "glue:GetPartitions",
            "glue:GetTable",
            "glue:GetTables",
            "glue:UpdatePartition",
            "glue:UpdateTable",
            on=arns.catalog(names.table),
        )
        role.allow("glue:GetDatabase", on=arns.catalog())
        role.allow(
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            on=[arns.logs("/aws-glue/crawlers*")],
            reason="Glue makes the crawlers' log group and its streams itself.",
        )
