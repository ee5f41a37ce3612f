"""VPC endpoints, for a VPC that has no way to AWS of its own."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from lakeshot.config.connections import GATEWAYS, Endpoint, Network
from lakeshot.config.endpoint_prices import interface_endpoints
from lakeshot.names import ConnectionNames
from stacks.constructs.job_network import HTTPS

PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
"""The ranges that a VPC has its addresses of, unless somebody brought public ones:
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"""


class Endpoints(Construct):
    """The endpoints that a network asks for, which serve ``workers`` and everybody else in the VPC.

    From then on a service's name means its endpoint in the whole VPC, so whoever were not let in would have
    lost the service. Endpoints have no policies of their own: what goes through them is decided by the roles
    of whoever calls, and gateways serve everybody in their route tables, too.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: ConnectionNames,
        network: Network,
        vpc: ec2.IVpc,
        workers: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, id_)
        for service in network.endpoints:
            if service in GATEWAYS:
                ec2.CfnVPCEndpoint(
                    self,
                    service.capitalize(),
                    vpc_endpoint_type="Gateway",
                    service_name=self._named(service),
                    vpc_id=network.vpc,
                    route_table_ids=list(network.route_tables),
                )
        if interfaces := interface_endpoints(network):
            group = ec2.SecurityGroup(
                self,
                "Group",
                security_group_name=f"{names.resource}-endpoints",
                description=f"Lakeshot: VPC endpoints for jobs that read {names.connection}",
                vpc=vpc,
                allow_all_outbound=False,
            )
            group.add_ingress_rule(workers, ec2.Port.tcp(HTTPS), "workers of jobs")
            for block in PRIVATE:
                group.add_ingress_rule(ec2.Peer.ipv4(block), ec2.Port.tcp(HTTPS), "whoever is in the VPC")
            # An endpoint takes one subnet of each zone.
            subnets = {subnet.zone: subnet.id for subnet in reversed(network.subnets)}
            for service in interfaces:
                ec2.CfnVPCEndpoint(
                    self,
                    service.capitalize(),
                    vpc_endpoint_type="Interface",
                    service_name=self._named(service),
                    vpc_id=network.vpc,
                    subnet_ids=list(reversed(subnets.values())),
                    security_group_ids=[group.security_group_id],
                    private_dns_enabled=True,
                )

    def _named(self, service: Endpoint) -> str:
        return f"com.amazonaws.{cdk.Stack.of(self).region}.{service}"
