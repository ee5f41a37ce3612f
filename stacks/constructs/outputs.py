"""What a person wants to know once a stack is deployed."""

from collections.abc import Mapping

import aws_cdk as cdk
from constructs import Construct


class Outputs(Construct):
    """The given values by name, and where to run what the stack deploys."""

    def __init__(
        self, scope: Construct, id_: str, *, values: Mapping[str, str], state_machine_arn: str
    ) -> None:
        super().__init__(scope, id_)
        region = cdk.Stack.of(self).region
        console = f"https://{region}.console.aws.amazon.com/states/home?region={region}"
        shown = {**values, "StateMachine": f"{console}#/statemachines/view/{state_machine_arn}"}
        for key, value in shown.items():
            cdk.CfnOutput(self, key, value=value).override_logical_id(key)
