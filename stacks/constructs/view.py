"""The view of an export, as a resource of its stack."""

import aws_cdk as cdk
from constructs import Construct


class SnapshotView(Construct):
    """Made empty with the stack, replaced by runs, removed with the stack.

    It has no property that a later deployment would change, so no deployment moves the view back.
    """

    def __init__(self, scope: Construct, id_: str, *, export: str, function_arn: str) -> None:
        super().__init__(scope, id_)
        cdk.CustomResource(
            self,
            "View",
            service_token=function_arn,
            resource_type="Custom::LakeshotView",
            properties={"Export": export},
        )
