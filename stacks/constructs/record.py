"""What is deployed of an export or a group, for the runtime and for people."""

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from lakeshot.config.deployed import Deployed, DeployedGroup


class DeploymentRecord(Construct):
    """The SSM parameter that every payload is held against."""

    def __init__(
        self, scope: Construct, id_: str, *, parameter_name: str, deployed: Deployed | DeployedGroup
    ) -> None:
        super().__init__(scope, id_)
        ssm.StringParameter(
            self,
            "Parameter",
            parameter_name=parameter_name,
            description=f"What is deployed here; written by the stack {cdk.Stack.of(self).stack_name} alone",
            string_value=deployed.model_dump_json(),
        )
