"""A role whose wildcards have to be justified."""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from lakeshot.errors import ConfigError
from stacks.constructs.acknowledgement import acknowledge, finding

LONGEST_NAME = 64
"""IAM's limit for the name of a role."""


class ServiceRole(iam.Role):
    """A named role that one AWS service assumes on behalf of this account only."""

    def __init__(self, scope: Construct, id_: str, *, role_name: str, service: str) -> None:
        if len(role_name) > LONGEST_NAME:
            raise ConfigError(
                f"the role {role_name!r} would have {len(role_name)} characters, IAM allows {LONGEST_NAME}; "
                f"shorten the name of the export, the group or the stage by {len(role_name) - LONGEST_NAME}"
            )
        account = {"StringEquals": {"aws:SourceAccount": cdk.Stack.of(scope).account}}
        super().__init__(
            scope,
            id_,
            role_name=role_name,
            # Lambda sends no source account when it assumes a function's role.
            assumed_by=iam.ServicePrincipal(
                service, conditions=None if service == "lambda.amazonaws.com" else account
            ),
        )

    def allow(
        self,
        *actions: str,
        on: Sequence[str],
        when: Mapping[str, Mapping[str, object]] | None = None,
        reason: str | None = None,
    ) -> None:
        """Allow actions on resources; resources with a wildcard need a reason."""
        self.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=list(on), conditions=when))
        for resource in on:
            spelled = finding(cdk.Stack.of(self).resolve(resource))
            if "*" not in spelled:
                continue
            if reason is None:
                raise ValueError(f"{spelled} has a wildcard: say why it is needed")
            acknowledge(self, f"IAM5[Resource::{spelled}]", reason)
