"""What a person wants to know once an export is deployed."""

import aws_cdk as cdk
from constructs import Construct

from lakeshot.config.deployed import Deployed


class Outputs(Construct):
    """Where the data is, where to run the export, and with what."""

    def __init__(self, scope: Construct, id_: str, *, deployed: Deployed, state_machine_arn: str) -> None:
        super().__init__(scope, id_)
        stack = cdk.Stack.of(self)
        console = f"https://{stack.region}.console.aws.amazon.com/states/home?region={stack.region}"
        for key, value in {
            "View": f"{deployed.database}.{deployed.names.view}",
            "Table": f"{deployed.database}.{deployed.names.table}",
            "Destination": deployed.destination,
            "StateMachine": f"{console}#/statemachines/view/{state_machine_arn}",
            "Payload": deployed.payload().model_dump_json(exclude_none=True),
        }.items():
            cdk.CfnOutput(self, key, value=value).override_logical_id(key)
