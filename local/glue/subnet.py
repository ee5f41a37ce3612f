"""The subnet in which a job runs: the first of its connections that Glue finds fit, and what it reaches.

Rules and messages: https://docs.aws.amazon.com/glue/latest/dg/glue-troubleshooting-errors.html,
https://repost.aws/articles/ARTT49mVccTzuA9bQ2UUQq2g and what AWSGlueServiceRole allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local.hooks import Credentials, authorize

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import RouteTableTypeDef, SecurityGroupTypeDef
    from mypy_boto3_glue.type_defs import PhysicalConnectionRequirementsOutputTypeDef

ALL_PORTS = 65_535
TAG = "aws-glue-service-resource"
NO_OPEN_GROUP = (
    "At least one security group must open all {} ports. To limit traffic, the source security group in your "
    "{} rule can be restricted to the same security group"
)
MISSING = ("InvalidSubnetID.NotFound", "InvalidSubnetID.Malformed")


class UnfitConnectionError(Exception):
    """A connection that a job cannot run in; the message is Glue's kind."""


@dataclass(frozen=True)
class Subnet:
    """Where a job runs. ``services`` are those of AWS that have an endpoint there; None is all, by NAT."""

    subnet_id: str
    services: frozenset[str] | None


def find_subnet(names: Sequence[str], credentials: Credentials, region: str, account: str) -> Subnet | None:
    """The subnet of the first fit connection; None without one whose subnet the embedded cloud has.

    Raises UnfitConnectionError if none is fit, ClientError or AccessDeniedError if one does not exist or the
    role may not do what Glue does on its behalf.
    """
    session = credentials.session(region)
    glue, ec2 = session.client("glue"), session.client("ec2")
    wanted = [
        glue.get_connection(Name=name, HidePassword=True)["Connection"].get("PhysicalConnectionRequirements")
        for name in names
    ]
    unfit: list[UnfitConnectionError] = []
    for requirements in wanted:
        if requirements is None or (vpc := _vpc(ec2, requirements)) is None:
            continue
        try:
            found = _fit(ec2, requirements, vpc)
        except UnfitConnectionError as error:
            unfit.append(error)
            continue
        _make_interface(credentials, requirements, f"arn:aws:ec2:{region}:{account}", vpc)
        return found
    if unfit:
        raise unfit[0]
    return None


def _vpc(ec2: "EC2Client", requirements: "PhysicalConnectionRequirementsOutputTypeDef") -> str | None:
    try:
        (subnet,) = ec2.describe_subnets(SubnetIds=[requirements["SubnetId"]])["Subnets"]
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return None
        raise
    return subnet["VpcId"]


def _fit(ec2: "EC2Client", requirements: "PhysicalConnectionRequirementsOutputTypeDef", vpc: str) -> Subnet:
    subnet, group_ids = requirements["SubnetId"], list(requirements.get("SecurityGroupIdList", []))
    groups = ec2.describe_security_groups(GroupIds=group_ids)["SecurityGroups"]
    for direction, bound in (("ingress", "inbound"), ("egress", "outbound")):
        if not any(_opens_all_ports(group, direction) for group in groups):
            raise UnfitConnectionError(NO_OPEN_GROUP.format(direction, bound))
    services = _services(ec2, subnet, vpc)
    if services is not None and "s3" not in services:
        raise UnfitConnectionError(
            f"VPC S3 endpoint validation failed for SubnetId: {subnet}. VPC: {vpc}. Reason: Could not find "
            f"S3 endpoint or NAT gateway for subnetId: {subnet} in Vpc {vpc}"
        )
    return Subnet(subnet, services)


def _opens_all_ports(group: "SecurityGroupTypeDef", direction: str) -> bool:
    """Whether a group opens all TCP ports in one direction, to itself at least."""
    rules = group.get("IpPermissions", []) if direction == "ingress" else group.get("IpPermissionsEgress", [])
    return any(
        rule["IpProtocol"] == "-1"
        or (rule["IpProtocol"] == "tcp" and (rule.get("FromPort"), rule.get("ToPort")) == (0, ALL_PORTS))
        for rule in rules
        if rule.get("IpRanges")
        or any(pair.get("GroupId") == group["GroupId"] for pair in rule.get("UserIdGroupPairs", []))
    )


def _services(ec2: "EC2Client", subnet: str, vpc: str) -> frozenset[str] | None:
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    table = _table_of(subnet, tables)
    if table and any(route.get("NatGatewayId") for route in table.get("Routes", [])):
        return None
    support = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")["EnableDnsSupport"]
    names = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]
    resolved = support.get("Value") and names.get("Value")
    found = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["VpcEndpoints"]
    return frozenset(
        endpoint["ServiceName"].rsplit(".", 1)[-1]
        for endpoint in found
        if endpoint["VpcId"] == vpc
        and (
            resolved
            if endpoint["VpcEndpointType"] == "Interface"
            else table is not None and table["RouteTableId"] in endpoint.get("RouteTableIds", [])
        )
    )


def _table_of(subnet: str, tables: "Sequence[RouteTableTypeDef]") -> "RouteTableTypeDef | None":
    """The route table that a subnet is associated with, else the VPC's main one."""
    main = None
    for table in tables:
        for association in table.get("Associations", []):
            if association.get("SubnetId") == subnet:
                return table
            if association.get("Main"):
                main = table
    return main


def _make_interface(
    credentials: Credentials, requirements: "PhysicalConnectionRequirementsOutputTypeDef", ec2: str, vpc: str
) -> None:
    """Check what it takes to make, tag and remove a network interface; none is made."""
    subnet = f"{ec2}:subnet/{requirements['SubnetId']}"
    interface, in_vpc = f"{ec2}:network-interface/eni-0", {"ec2:Vpc": f"{ec2}:vpc/{vpc}"}
    groups = [f"{ec2}:security-group/{group}" for group in requirements.get("SecurityGroupIdList", [])]
    for resource in (interface, subnet, *groups):
        authorize(credentials, "ec2:CreateNetworkInterface", resource, {**in_vpc, "ec2:Subnet": subnet})
    authorize(credentials, "ec2:CreateTags", interface, {"aws:TagKeys": [TAG]})
    authorize(credentials, "ec2:DescribeNetworkInterfaces", "*")
    authorize(credentials, "ec2:DeleteNetworkInterface", interface, {**in_vpc, "ec2:Subnet": subnet})
