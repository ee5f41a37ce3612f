"""What is deployed of an export, for the runtime and for people."""

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from lakeshot.config.deployed import Deployed


class DeploymentRecord(Construct):
    """The SSM parameter that every payload is held against."""

    def __init__(self, scope: Construct, id_: str, *, deployed: Deployed) -> None:
        super().__init__(scope, id_)
        ssm.StringParameter(
            self,
            "Parameter",
            parameter_name=deployed.stage_names.parameter(deployed.export),
            description=f"What is deployed for the export {deployed.export}; written by its stack alone",
            string_value=deployed.model_dump_json(),
        )
