"""What it takes to read through a connection: the secret, and Glue's own work in the VPC."""

import re
from collections.abc import Sequence

from constructs import Construct

from lakeshot.config.connections import Connection, DeployedConnection, Network
from lakeshot.names import ConnectionNames
from stacks.constructs.arns import Arns
from stacks.constructs.certificates import Certificates
from stacks.constructs.role import ServiceRole

INTERFACE_TAG = "aws-glue-service-resource"
"""The tag that Glue puts on the network interfaces it makes."""


class ConnectionAccess(Construct):
    """One job's use of a connection: ``deployed`` is what runs are told, ``glue`` names Glue's connections.

    The job may log in at this one database, look at its instance's CPU, and run where it can be reached. No
    step looks at the database, so that none may assume the job's role.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: ConnectionNames,
        connection: Connection,
        role: ServiceRole,
        arns: Arns,
    ) -> None:
        super().__init__(scope, id_)
        certificates = Certificates(self, "Certificates", name=names.connection, connection=connection)
        role.allow("s3:GetObject", on=[certificates.object_arn])
        role.allow("secretsmanager:GetSecretValue", on=[_secret_arn(connection.secret, arns)])
        if connection.secret_key is not None:
            service = f"secretsmanager.{arns.stack.region}.amazonaws.com"
            role.allow(
                "kms:Decrypt", on=[connection.secret_key], when={"StringEquals": {"kms:ViaService": service}}
            )
        if connection.instance is not None:
            role.allow("cloudwatch:GetMetricData", on=["*"], reason="GetMetricData knows no resources.")
        self.glue: Sequence[str] = ()
        if connection.network is not None:
            self.glue = [names.glue_connection(subnet.id) for subnet in connection.network.subnets]
            role.allow("glue:GetConnection", on=[arns.glue_catalog, *map(arns.glue_connection, self.glue)])
            _run_in_vpc(role, connection.network, arns)
        self.deployed = DeployedConnection(
            name=names.connection,
            host=connection.host,
            port=connection.port,
            database=connection.database,
            secret=connection.secret,
            ca=certificates.uri,
            instance=connection.instance,
        )


def _secret_arn(secret: str, arns: Arns) -> str:
    """The ARN that a policy has to name; Secrets Manager ends it in six characters of its own."""
    whole = secret if secret.startswith("arn:") else arns.secret(secret)
    ended = secret.startswith("arn:") and re.search(r"-[A-Za-z0-9]{6}$", secret)
    return whole if ended else f"{whole}-??????"


def _run_in_vpc(role: ServiceRole, network: Network, arns: Arns) -> None:
    """Allow what Glue does in a VPC under a job's role, in these subnets alone.

    AWS's own policy allows it anywhere:
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSGlueServiceRole.html
    """
    role.allow(
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcEndpoints",
        on=["*"],
        reason="What Glue looks at in EC2 before a run; describing knows no resources.",
    )
    interfaces = arns.ec2("network-interface/*")
    subnets = [arns.shared_ec2(f"subnet/{subnet.id}") for subnet in network.subnets]
    made_by_ec2 = (
        "EC2 names network interfaces and security groups when they are made; subnets may be another "
        "account's, which shares them."
    )
    role.allow("ec2:CreateNetworkInterface", on=[interfaces, *subnets], reason=made_by_ec2)
    role.allow(
        "ec2:CreateNetworkInterface",
        on=[arns.ec2("security-group/*")],
        when={"ArnLike": {"ec2:Vpc": arns.shared_ec2(f"vpc/{network.vpc}")}},
        reason=made_by_ec2,
    )
    role.allow(
        "ec2:DeleteNetworkInterface",
        on=[interfaces],
        when={"ArnLike": {"ec2:Subnet": subnets}},
        reason=made_by_ec2,
    )
    role.allow(
        "ec2:CreateTags",
        "ec2:DeleteTags",
        on=[interfaces],
        when={"ForAllValues:StringEquals": {"aws:TagKeys": [INTERFACE_TAG]}},
        reason=made_by_ec2,
    )
