"""A view, as a resource of the stack of its export or group."""

from typing import Literal

import aws_cdk as cdk
from constructs import Construct


class OwnedView(Construct):
    """Made empty with the stack, replaced by runs, removed with the stack.

    It has no property that a later deployment would change, so no deployment moves the view back.
    """

    def __init__(
        self, scope: Construct, id_: str, *, of: Literal["Export", "Group"], name: str, function_arn: str
    ) -> None:
        super().__init__(scope, id_)
        cdk.CustomResource(
            self,
            "View",
            service_token=function_arn,
            resource_type="Custom::LakeshotView",
            properties={of: name},
        )
