"""What a job needs to run in a VPC: its security group, and one Glue connection for each subnet."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_glue as glue
from constructs import Construct

from lakeshot.config.connections import Connection, Network
from lakeshot.names import ConnectionNames
from stacks.constructs.acknowledgement import accept

HTTPS = 443


class JobNetwork(Construct):
    """Workers of a job reach each other, the database's port and AWS, and nobody else reaches them.

    Glue demands that one security group lets in all TCP ports from itself, and out likewise:
    https://docs.aws.amazon.com/glue/latest/dg/setup-vpc-for-glue-access.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: ConnectionNames,
        connection: Connection,
        network: Network,
        vpc: ec2.IVpc,
    ) -> None:
        super().__init__(scope, id_)
        self.group = ec2.SecurityGroup(
            self,
            "Workers",
            security_group_name=names.resource,
            description=f"Lakeshot: workers of jobs that read {names.connection}",
            vpc=vpc,
            allow_all_outbound=False,
        )
        self.group.connections.allow_internally(ec2.Port.all_tcp(), "workers of one job reach each other")
        self.group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "AWS")
        if connection.port != HTTPS:
            self.group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(connection.port), "the database")
        for subnet in network.subnets:
            made = glue.CfnConnection(
                self,
                f"Glue-{subnet.id}",
                catalog_id=cdk.Stack.of(self).account,
                connection_input=glue.CfnConnection.ConnectionInputProperty(
                    name=names.glue_connection(subnet.id),
                    description=f"Lakeshot: where jobs run that read {names.connection}",
                    connection_type="NETWORK",
                    physical_connection_requirements=glue.CfnConnection.PhysicalConnectionRequirementsProperty(
                        subnet_id=subnet.id,
                        availability_zone=subnet.zone,
                        security_group_id_list=[self.group.security_group_id, *network.security_groups],
                    ),
                ),
            )
            accept(
                made,
                "CloudFormation-Validate::W3010",
                "The zone of a subnet is given in exports.yaml, like the subnet.",
            )
