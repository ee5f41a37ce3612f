"""The Glue database and the Athena workgroup of a stage."""

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from constructs import Construct


class Catalog(Construct):
    """Where snapshots are found, and where the pipeline's own queries run.

    With ``keep_data`` the database outlives the stack, as deleting it would delete every table in it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        database: str,
        workgroup: str,
        bucket_name: str,
        keep_data: bool,
    ) -> None:
        super().__init__(scope, id_)
        snapshots = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=cdk.Stack.of(self).account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=database, description="Snapshots that Lakeshot exported, and views of the latest ones"
            ),
        )
        snapshots.apply_removal_policy(
            cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if keep_data else cdk.RemovalPolicy.DESTROY
        )
        athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=workgroup,
            description="Lakeshot's own queries: counts, probes and views",
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{bucket_name}/athena/",
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_S3"
                    ),
                ),
            ),
        )
