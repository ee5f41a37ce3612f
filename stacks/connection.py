"""One connection to a database, in one region."""

from collections.abc import Iterator

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from lakeshot.config.connections import GATEWAYS, Network
from lakeshot.config.endpoint_prices import monthly_price
from lakeshot.config.exports import Config
from lakeshot.errors import ConfigError
from lakeshot.names import ConnectionNames
from stacks.constructs.endpoints import Endpoints
from stacks.constructs.job_network import JobNetwork


class ConnectionStack(cdk.Stack):
    """What jobs need in a VPC that read through the connection ``connection`` of ``config``.

    The VPC is known by what the config says of it; nothing is looked up.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Config,
        connection: str,
        network: Network,
        environment: cdk.Environment,
    ) -> None:
        names = ConnectionNames(stage=config.stage, connection=connection)
        super().__init__(
            scope,
            id_,
            stack_name=names.resource,
            env=environment,
            description=f"Lakeshot, stage {config.stage}: the connection {connection}",
        )
        vpc = ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=network.vpc,
            availability_zones=[subnet.zone for subnet in network.subnets],
            private_subnet_ids=[subnet.id for subnet in network.subnets],
        )
        jobs = JobNetwork(
            self,
            "Jobs",
            names=names,
            connection=config.connections[connection],
            network=network,
            vpc=vpc,
        )
        Endpoints(self, "Endpoints", names=names, network=network, vpc=vpc, workers=jobs.group)
        for key, value in {
            "SecurityGroup": jobs.group.security_group_id,
            "EndpointsMonthlyPrice": monthly_price(network),
        }.items():
            cdk.CfnOutput(self, key, value=value)


def check_endpoints(config: Config) -> None:
    """ConfigError if two connections would make one endpoint in the same place, which AWS refuses."""
    makers: dict[tuple[str, str], str] = {}
    for name, connection in config.connections.items():
        for place, endpoint in _places(connection.network) if connection.network is not None else ():
            if (place, endpoint) in makers:
                raise ConfigError(
                    f"connections {makers[place, endpoint]!r} and {name!r} would both make the endpoint "
                    f"{endpoint!r} in {place}, which takes it once; name it in one of them"
                )
            makers[place, endpoint] = name


def _places(network: Network) -> Iterator[tuple[str, str]]:
    """Where each endpoint of a network is made: gateways in route tables, interfaces in the VPC."""
    for endpoint in network.endpoints:
        for place in network.route_tables if endpoint in GATEWAYS else (network.vpc,):
            yield place, endpoint
