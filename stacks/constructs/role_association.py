"""The association of a role with a database for s3Export, which CloudFormation has no resource for."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from lakeshot.config.role_holder import RoleHolder
from lakeshot.names import ConnectionNames
from stacks.constructs.arns import Arns

STEP = "database_role"
_ACTIONS = {
    "cluster": ("rds:AddRoleToDBCluster", "rds:DescribeDBClusters", "rds:RemoveRoleFromDBCluster"),
    "instance": ("rds:AddRoleToDBInstance", "rds:DescribeDBInstances", "rds:RemoveRoleFromDBInstance"),
}


class RoleAssociation(Construct):
    """Made once the role can do its work, removed before the role is.

    The function that makes it is the stage's, but what it may do is allowed here: with this cluster or
    instance, and this role, as long as this stack is there.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: ConnectionNames,
        role: iam.Role,
        holder: RoleHolder,
        arns: Arns,
        role_suffix: str,
    ) -> None:
        super().__init__(scope, id_)
        maker = iam.Role.from_role_name(self, "Maker", f"{arns.names.function(STEP)}{role_suffix}")
        service = {"StringEquals": {"iam:PassedToService": "rds.amazonaws.com"}}
        allowed = iam.Policy(
            self,
            "Allowed",
            policy_name=names.resource,  # each connection adds one to the same role
            roles=[maker],
            statements=[
                iam.PolicyStatement(
                    actions=list(_ACTIONS[holder.kind]), resources=[arns.rds(holder.resource)]
                ),
                iam.PolicyStatement(actions=["iam:PassRole"], resources=[role.role_arn], conditions=service),
            ],
        )
        association = cdk.CustomResource(
            self,
            "Association",
            service_token=arns.function(STEP),
            resource_type="Custom::LakeshotDatabaseRole",
            properties={"Role": role.role_arn, holder.kind.capitalize(): holder.identifier},
        )
        association.node.add_dependency(allowed, role)
