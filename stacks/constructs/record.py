"""What is deployed of an export or a group, for the runtime and for people."""

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from lakeshot.config.deployed import Deployed, DeployedGroup

STANDARD_BYTES = 4_096
"""What a standard parameter takes; beyond that, up to 8 KiB, it costs $0.05 a month.
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"""
TOKEN_BYTES = 200
"""By how much account, region and ARNs may be longer than what stands for them at synth."""


class DeploymentRecord(Construct):
    """The SSM parameter that every payload is held against; an advanced one only where it is that long."""

    def __init__(
        self, scope: Construct, id_: str, *, parameter_name: str, deployed: Deployed | DeployedGroup
    ) -> None:
        super().__init__(scope, id_)
        record = deployed.model_dump_json()
        long = len(record.encode()) + TOKEN_BYTES > STANDARD_BYTES
        ssm.StringParameter(
            self,
            "Parameter",
            parameter_name=parameter_name,
            description=f"What is deployed here; written by the stack {cdk.Stack.of(self).stack_name} alone",
            string_value=record,
            tier=ssm.ParameterTier.INTELLIGENT_TIERING if long else None,
        )
