"""A role whose wildcards have to be justified."""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from lakeshot.errors import ConfigError
from stacks.constructs.acknowledgement import acknowledge, finding

_SEND_NO_ACCOUNT = frozenset({"lambda.amazonaws.com", "glue.amazonaws.com"})
"""Services that are not known to say for which account they assume a role; a role that demands it would be
useless to them. Neither lets anybody pass a role of another account."""
LONGEST_NAME = 64
"""IAM's limit for the name of a role."""


class ServiceRole(iam.Role):
    """A named role that one AWS service assumes on behalf of this account only.

    With ``source_arn``, on behalf of that one resource only.
    """

    def __init__(
        self, scope: Construct, id_: str, *, role_name: str, service: str, source_arn: str | None = None
    ) -> None:
        if len(role_name) > LONGEST_NAME:
            raise ConfigError(
                f"the role {role_name!r} would have {len(role_name)} characters, IAM allows {LONGEST_NAME}; "
                "shorten the name of the export, the connection, the group or the stage by "
                f"{len(role_name) - LONGEST_NAME}"
            )
        account = {"aws:SourceAccount": cdk.Stack.of(scope).account}
        source = {"aws:SourceArn": source_arn} if source_arn is not None else {}
        super().__init__(
            scope,
            id_,
            role_name=role_name,
            assumed_by=iam.ServicePrincipal(
                service,
                conditions=None if service in _SEND_NO_ACCOUNT else {"StringEquals": {**account, **source}},
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
