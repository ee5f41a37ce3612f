"""What is deployed for an export, as its own stack and its groups' stacks say it alike."""

from lakeshot.config.connections import DeployedConnection
from lakeshot.config.deployed import Deployed
from lakeshot.config.exports import Config
from stacks.constructs.arns import Arns


def deployed_export(
    config: Config,
    export: str,
    *,
    arns: Arns,
    job_role_arn: str,
    connection: DeployedConnection | None = None,
) -> Deployed:
    """The record of an export of ``config`` whose job runs under the role and by the connection given."""
    return Deployed.of(
        name=export,
        export=config.exports[export],
        stage=config.stage,
        database=config.database,
        bucket=arns.bucket_name,
        job_role_arn=job_role_arn,
        connection=connection,
    )
