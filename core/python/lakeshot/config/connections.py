"""How databases are reached, in ``exports.yaml``: one entry per database, shared by exports."""

from typing import Annotated, Literal, Self

from pydantic import Field, WrapValidator, model_validator

from lakeshot.config.allowed import allowed
from lakeshot.config.repeated import refuse_repeated
from lakeshot.config.role_holder import ClusterId, InstanceId, RoleArn, RoleHolder
from lakeshot.model import Setting

GATEWAYS = ("s3", "dynamodb")
"""Endpoints that are routes and cost nothing; all others are interfaces, paid for in each zone."""
Endpoint = Literal["s3", "dynamodb", "secretsmanager", "logs", "monitoring", "kms", "sts", "glue"]
MOST_SUBNETS = 8
MOST_GROUPS = 15
"""A network interface is in 16 security groups at most, of which one is Lakeshot's own."""


_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
"""What stands between the dots of a host's name."""
_ID = "([0-9a-f]{8}|[0-9a-f]{17})$"
"""Ids of EC2 have 8 hex digits, or 17 since 2018."""


def _example(kind: str, prefix: str) -> WrapValidator:
    return allowed(f"the id of a {kind}, such as {prefix}-0a1b2c3d4e5f60718")


VpcId = Annotated[str, Field(pattern=f"^vpc-{_ID}"), _example("VPC", "vpc")]
SubnetId = Annotated[str, Field(pattern=f"^subnet-{_ID}"), _example("subnet", "subnet")]
SecurityGroupId = Annotated[str, Field(pattern=f"^sg-{_ID}"), _example("security group", "sg")]
RouteTableId = Annotated[str, Field(pattern=f"^rtb-{_ID}"), _example("route table", "rtb")]
ConnectionName = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=30),
    allowed("1 to 30 lower-case letters and digits, a letter first, with single hyphens between"),
]


class Subnet(Setting):
    """A subnet that jobs may run in."""

    id: SubnetId
    """The subnet's id."""
    zone: Annotated[
        str,
        Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]+[a-z]$"),
        allowed("an availability zone's name, such as eu-central-1a"),
    ]
    """The availability zone that the subnet is in."""


class Network(Setting):
    """Where in a VPC jobs run that use a connection. Nothing is looked up; all of it is given."""

    vpc: VpcId
    """The VPC's id."""
    subnets: Annotated[tuple[Subnet, ...], Field(min_length=1, max_length=MOST_SUBNETS)]
    """Subnets with a route to the database. A job takes the first that has addresses left."""
    security_groups: Annotated[tuple[SecurityGroupId, ...], Field(max_length=MOST_GROUPS)] = ()
    """Security groups that jobs are to be members of, such as one that the database lets in. Lakeshot makes
    one more, in which the workers of a job reach each other."""
    route_tables: tuple[RouteTableId, ...] = ()
    """The subnets' route tables; needed for the endpoints s3 and dynamodb."""
    endpoints: tuple[Endpoint, ...] = ()
    """VPC endpoints that Lakeshot shall make because the VPC has neither these nor a NAT gateway: s3 and
    dynamodb cost nothing, every other one costs by the hour in each zone. Everybody in the VPC, or in the
    route tables, gets to these services through them from then on."""

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        gateways = [endpoint for endpoint in self.endpoints if endpoint in GATEWAYS]
        if gateways and not self.route_tables:
            raise ValueError(
                f"endpoints has {gateways[0]!r}, which is a route, but there are no route_tables to put it "
                "into; give the route tables of the subnets"
            )
        refuse_repeated("endpoints", self.endpoints)
        refuse_repeated("subnets", [subnet.id for subnet in self.subnets])
        refuse_repeated("security_groups", self.security_groups)
        refuse_repeated("route_tables", self.route_tables)
        return self


class Connection(Setting):
    """A database that exports read, and how jobs get to it."""

    type: Literal["postgres"]
    """Kind of database."""
    host: Annotated[
        str,
        Field(pattern=rf"^{_LABEL}(\.{_LABEL})*$", max_length=253),
        allowed("a host's name, such as shop.cluster-abc.eu-central-1.rds.amazonaws.com"),
    ]
    """The server's host name, which its certificate has to bear. Of an Aurora cluster, the endpoint of one
    reader instance keeps exports off the writer; the cluster's reader endpoint does only where it has one
    reader, because all connections of a run have to lead to the same."""
    port: Annotated[int, Field(ge=1, le=65535, strict=True)] = 5432
    """The server's port."""
    database: Annotated[
        str,
        Field(min_length=1, max_length=63, pattern=r"^[^\x00]*$"),
        allowed("a name of 1 to 63 characters, as it is in pg_database"),
    ]
    """Name of the database."""
    secret: Annotated[
        str,
        Field(
            pattern=r"^(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)?[A-Za-z0-9/_+=.@!-]{1,512}$"
        ),
        allowed("the name or the ARN of a secret in AWS Secrets Manager"),
    ]
    """Secret in AWS Secrets Manager, JSON with ``username`` and ``password``, by its name or ARN."""
    secret_key: (
        Annotated[
            str,
            Field(pattern=r"^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$"),
            allowed("the ARN of a KMS key, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…"),
        ]
        | None
    ) = None
    """KMS key that the secret is encrypted with, if not Secrets Manager's own."""
    cluster: ClusterId | None = None
    """Identifier of the Aurora cluster that ``host`` leads to: by a role of its own it writes the files of
    exports with ``route: aws_s3``."""
    instance: InstanceId | None = None
    """Identifier of the DB instance (RDS, Aurora) that ``host`` leads to, for its CPU in CloudWatch; without
    ``cluster`` also what gets the role to write files (RDS for PostgreSQL)."""
    export_role: RoleArn | None = None
    """ARN of a role that is associated with the database for s3Export already, as there can be one only;
    without it, Lakeshot makes and associates one for exports with ``route: aws_s3``."""
    tls_ca: str | None = None
    """File of certificates (PEM) that the server's has to lead to, beside ``exports.yaml``; by default those
    that Amazon issues for RDS and Aurora."""
    network: Network | None = None
    """Where in a VPC jobs run; without it they run outside, which only reaches servers in the internet."""

    @property
    def role_holder(self) -> RoleHolder | None:
        """What Lakeshot makes a role to write files for; None if there is one, or nothing is named."""
        if self.export_role is not None:
            return None
        if self.cluster is not None:
            return RoleHolder("cluster", self.cluster)
        return RoleHolder("instance", self.instance) if self.instance is not None else None


class DeployedConnection(Setting):
    """What a run is told of a connection.

    ``ca`` is the S3 URI of the certificates to trust (PEM), ``instance`` whose CPU CloudWatch tells.
    """

    name: str
    host: str
    port: int
    database: str
    secret: str
    ca: str
    instance: str | None = None
