"""One connection to a database, in one region."""

from collections.abc import Iterator, Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from lakeshot.config.connections import GATEWAYS, Connection, Network
from lakeshot.config.endpoint_prices import monthly_price
from lakeshot.config.exports import Config
from lakeshot.config.role_holder import RoleHolder
from lakeshot.errors import ConfigError
from lakeshot.names import ConnectionNames, StageNames
from stacks.constructs.arns import Arns
from stacks.constructs.endpoints import Endpoints
from stacks.constructs.job_network import JobNetwork
from stacks.constructs.landing_role import LandingRole
from stacks.constructs.role_association import RoleAssociation


def needs_stack(config: Config, connection: str, region: str | None) -> bool:
    """Whether there is anything to deploy for a connection in a region."""
    settings = config.connections[connection]
    lands = settings.role_holder is not None and config.landing_by(connection, region)
    return settings.network is not None or bool(lands)


class ConnectionStack(cdk.Stack):
    """What exports need that read through the connection ``connection`` of ``config``.

    In a VPC, what jobs need there; and the role by which the database writes files itself, if it does and
    has none. VPC and database are known by what the config says of them; nothing is looked up.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Config,
        connection: str,
        environment: cdk.Environment,
        role_suffix: str = "",
    ) -> None:
        names = ConnectionNames(stage=config.stage, connection=connection)
        settings = config.connections[connection]
        super().__init__(
            scope,
            id_,
            stack_name=names.resource,
            env=environment,
            description=f"Lakeshot, stage {config.stage}: the connection {connection}",
        )
        if settings.network is not None:
            self._run_jobs(names, settings, settings.network)
        exports = config.landing_by(connection, environment.region)
        if settings.role_holder is not None and exports:
            self._let_write(names, settings.role_holder, config, exports, role_suffix)

    def _run_jobs(self, names: ConnectionNames, settings: Connection, network: Network) -> None:
        """Let jobs run in the VPC."""
        vpc = ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=network.vpc,
            availability_zones=[subnet.zone for subnet in network.subnets],
            private_subnet_ids=[subnet.id for subnet in network.subnets],
        )
        jobs = JobNetwork(self, "Jobs", names=names, connection=settings, network=network, vpc=vpc)
        Endpoints(self, "Endpoints", names=names, network=network, vpc=vpc, workers=jobs.group)
        for key, value in {
            "SecurityGroup": jobs.group.security_group_id,
            "EndpointsMonthlyPrice": monthly_price(network),
        }.items():
            cdk.CfnOutput(self, key, value=value)

    def _let_write(
        self,
        names: ConnectionNames,
        holder: RoleHolder,
        config: Config,
        exports: Sequence[str],
        role_suffix: str,
    ) -> None:
        """Let the database write the files of exports."""
        arns = Arns(stack=self, names=StageNames(stage=config.stage), database=config.database)
        role = LandingRole(
            self,
            "LandingRole",
            names=names,
            holder=holder,
            config=config,
            exports=exports,
            arns=arns,
            role_suffix=role_suffix,
        )
        RoleAssociation(
            self,
            "Association",
            names=names,
            role=role,
            holder=holder,
            arns=arns,
            role_suffix=role_suffix,
        )
        cdk.CfnOutput(self, "DatabaseRole", value=role.role_arn)


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
