"""A VPC of the embedded cloud, with a subnet that a job may run in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.cloud.local.account import REGION, Account


@dataclass
class Vpc:
    """A VPC with one subnet; ``open_group`` is a security group that lets itself in."""

    account: Account
    vpc: str
    subnet: str
    table: str
    open_group: str
    names: Iterator[int] = field(default_factory=count)

    @classmethod
    def make(cls, account: Account) -> "Vpc":
        ec2 = account.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
            ec2.modify_vpc_attribute(VpcId=vpc, **{attribute: {"Value": True}})
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        group = ec2.create_security_group(GroupName=f"open-{vpc}", Description="d", VpcId=vpc)["GroupId"]
        itself = {
            "IpProtocol": "tcp",
            "FromPort": 0,
            "ToPort": 65535,
            "UserIdGroupPairs": [{"GroupId": group}],
        }
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[itself])
        return cls(account, vpc, subnet, table, group)

    def add_endpoint(self, service: str, kind: str) -> None:
        """An endpoint of a service, as a gateway in the subnet's route table or as an interface."""
        place: dict[str, Any] = (
            {"RouteTableIds": [self.table]} if kind == "Gateway" else {"SubnetIds": [self.subnet]}
        )
        self.account.client("ec2").create_vpc_endpoint(
            VpcId=self.vpc, ServiceName=f"com.amazonaws.{REGION}.{service}", VpcEndpointType=kind, **place
        )

    def add_nat(self) -> None:
        """A way to everywhere."""
        self.account.client("ec2").create_route(
            RouteTableId=self.table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId="nat-0a1b2c3d"
        )

    def connect(self, subnet: str | None = None, *, groups: list[str] | None = None) -> str:
        """A Glue connection into the subnet, or another."""
        name = f"{self.vpc}-{next(self.names)}"
        where = {"SubnetId": subnet or self.subnet, "SecurityGroupIdList": groups or [self.open_group]}
        self.account.client("glue").create_connection(
            ConnectionInput={
                "Name": name,
                "ConnectionType": "NETWORK",
                "ConnectionProperties": {},
                "PhysicalConnectionRequirements": where,
            }
        )
        return name
