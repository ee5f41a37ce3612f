"""Jobs with connections run where AWS would run them, and reach nothing else."""

import json
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from local.glue.network import namespaces_refused
from local.glue.reachable import let_subnets_reach
from tests.cloud.local.account import BUCKET, REGION, Account
from tests.cloud.local.vpc import Vpc

pytestmark = pytest.mark.cloud

EC2 = f"arn:aws:ec2:{REGION}:000000000000"
GLUE = f"arn:aws:glue:{REGION}:000000000000"
TRIES = """
import os, socket, sys, boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
once = Config(retries={"total_max_attempts": 1}, connect_timeout=3)

def tells(service, operation, **request):
    try:
        getattr(boto3.client(service, config=once), operation)(**request)
    except ClientError as error:
        print(service, error.response["Error"]["Code"])
    except EndpointConnectionError:
        print(service, "unreachable")
    else:
        print(service, "reached")

tells("s3", "head_object", Bucket="scripts", Key="there")
tells("secretsmanager", "get_secret_value", SecretId="none")
tells("sts", "get_caller_identity")
for address in arguments["--addresses"].split(","):
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=3) as connection:
            print(address, connection.recv(100).decode())
    except OSError as error:
        print(address, "unreachable", error.errno)
"""
SPARK = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print("sum", sum(spark.sparkContext.parallelize(range(10), 2).map(lambda n: n * 2).collect()))
"""


@pytest.fixture
def vpc(account: Account) -> Vpc:
    assert namespaces_refused() == "", "jobs are confined by network namespaces, which this machine refuses"
    account.put("there", b"")
    return Vpc.make(account)


LOOKING = [
    f"ec2:{action}"
    for action in (
        "DescribeNetworkInterfaces",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeVpcAttribute",
        "DescribeVpcEndpoints",
    )
]
MAKING = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:CreateTags"]
ALL: dict[str, tuple[str | list[str], str]] = {
    "s3:GetObject": ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"),
    "glue:GetConnection": ("glue:GetConnection", f"{GLUE}:*"),
    "ec2:Describe": (LOOKING, "*"),
    "ec2:Create": (MAKING, f"{EC2}:*"),
}


@pytest.fixture(scope="session")
def networked_role(account: Account) -> str:
    return account.make_role("networked", "glue.amazonaws.com", *ALL.values())


def run(
    account: Account, name: str, script: str, role: str, connections: list[str], **arguments: str
) -> tuple[dict[str, Any], list[str]]:
    """A job with connections: how it ended and what it printed."""
    given = {f"--{key}": value for key, value in arguments.items()}
    account.make_job(name, script, role=role, arguments=given)
    glue = account.client("glue")
    job = glue.get_job(JobName=name)["Job"]
    update = {key: job[key] for key in ("Role", "Command", "DefaultArguments")}
    glue.update_job(JobName=name, JobUpdate={**update, "Connections": {"Connections": connections}})
    ended = account.finish_job(name)
    printed = account.log("/aws-glue/jobs/output", ended["Id"]) if ended["JobRunState"] == "SUCCEEDED" else []
    return ended, printed


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """Something that listens on this machine; its address."""

    class Greeting(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"hello")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Greeting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"localhost:{server.server_address[1]}"
        server.shutdown()


def test_a_job_reaches_what_its_subnet_reaches(
    account: Account, vpc: Vpc, networked_role: str, database: str
) -> None:
    """Services with an endpoint and the addresses told; no other service, address or port."""
    vpc.add_endpoint("s3", "Gateway")
    vpc.add_endpoint("secretsmanager", "Interface")
    cloud = f"127.0.0.1:{account.instance.settings.port}"
    addresses = [database, cloud, "192.0.2.1:5432"]
    tries = {"addresses": ",".join(addresses)}
    ended, printed = run(account, "untold", TRIES, networked_role, [vpc.connect()], **tries)
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert "unreachable" in next(line for line in printed if line.startswith(database))
    let_subnets_reach(account.instance.settings.directory / "tmp", database)
    ended, printed = run(account, "confined", TRIES, networked_role, [vpc.connect()], **tries)
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert printed[:3] == ["s3 reached", "secretsmanager AccessDeniedException", "sts unreachable"]
    assert f"{database} hello" in printed
    assert f"{cloud} unreachable 111" in printed
    assert "192.0.2.1:5432 unreachable 101" in printed


def test_spark_runs_where_there_is_only_a_loopback(account: Account, vpc: Vpc, networked_role: str) -> None:
    """Driver and workers find each other. Glue takes the first connection that is fit."""
    ec2 = account.client("ec2")
    elsewhere = ec2.create_subnet(VpcId=vpc.vpc, CidrBlock="10.1.2.0/24")["Subnet"]["SubnetId"]
    vpc.add_endpoint("s3", "Gateway")
    connections = [vpc.connect(elsewhere), vpc.connect()]
    ended, printed = run(account, "spark-confined", SPARK, networked_role, connections)
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert "sum 90" in printed


def test_a_nat_gateway_leads_to_every_service(account: Account, vpc: Vpc, networked_role: str) -> None:
    """Without any endpoint; a gateway endpoint alone does no harm."""
    vpc.add_nat()
    vpc.add_endpoint("s3", "Gateway")
    connection = vpc.connect()
    ended, printed = run(account, "by-nat", TRIES, networked_role, [connection], addresses="127.0.0.1:1")
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert printed[:3] == ["s3 reached", "secretsmanager AccessDeniedException", "sts reached"]


def test_a_subnet_that_the_cloud_does_not_have_confines_nobody(
    account: Account, vpc: Vpc, networked_role: str
) -> None:
    """A VPC that is only named stays as reachable as before."""
    connection = vpc.connect("subnet-0a1b2c3d")
    ended, printed = run(account, "elsewhere", TRIES, networked_role, [connection], addresses="127.0.0.1:1")
    assert ended["JobRunState"] == "SUCCEEDED", ended
    assert "sts reached" in printed


def test_a_subnet_without_a_way_to_s3_is_refused(account: Account, vpc: Vpc, networked_role: str) -> None:
    """In Glue's words; a gateway in another route table leads nowhere."""
    other = account.client("ec2").create_route_table(VpcId=vpc.vpc)["RouteTable"]["RouteTableId"]
    own, vpc.table = vpc.table, other
    vpc.add_endpoint("s3", "Gateway")
    vpc.table = own
    ended, _ = run(account, "no-s3", "", networked_role, [vpc.connect()])
    assert ended["JobRunState"] == "FAILED"
    assert f"Could not find S3 endpoint or NAT gateway for subnetId: {vpc.subnet}" in ended["ErrorMessage"]


def test_groups_that_do_not_let_each_other_in_are_refused(
    account: Account, vpc: Vpc, networked_role: str
) -> None:
    """In Glue's words, for either direction."""
    ec2 = account.client("ec2")
    closed = ec2.create_security_group(GroupName=f"c-{vpc.vpc}", Description="d", VpcId=vpc.vpc)["GroupId"]
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    vpc.add_endpoint("s3", "Gateway")
    ended, _ = run(account, "closed", "", networked_role, [vpc.connect(groups=[closed])])
    assert "At least one security group must open all ingress ports" in ended["ErrorMessage"]
    ec2.revoke_security_group_egress(GroupId=vpc.open_group, IpPermissions=[everything])
    ended, _ = run(account, "shut", "", networked_role, [vpc.connect()])
    assert "At least one security group must open all egress ports" in ended["ErrorMessage"]


def test_a_connection_that_is_missing_fails_the_run(account: Account, networked_role: str) -> None:
    """With its name."""
    ended, _ = run(account, "unconnected", "", networked_role, ["gone"])
    assert ended["JobRunState"] == "FAILED"
    assert "EntityNotFoundException" in ended["ErrorMessage"]
    assert "gone" in ended["ErrorMessage"]


@pytest.mark.parametrize(
    ("lacking", "denied"),
    [
        ("glue:GetConnection", "glue:GetConnection on resource: arn:aws:glue:"),
        *((action, action) for action in LOOKING),
        *((action, f"{action} on resource: {EC2}:network-interface/") for action in MAKING),
    ],
)
def test_a_role_that_lacks_what_glue_does_fails_the_run(
    lacking: str, denied: str, account: Account, vpc: Vpc
) -> None:
    """Each of the actions that AWSGlueServiceRole allows for it is needed."""
    vpc.add_endpoint("s3", "Gateway")
    name = f"lacks-{lacking.replace(':', '-')}"
    allowed = [
        ([action for action in ([actions] if isinstance(actions, str) else actions) if action != lacking], on)
        for actions, on in ALL.values()
    ]
    role = account.make_role(
        name, "glue.amazonaws.com", *((actions, on) for actions, on in allowed if actions)
    )
    ended, _ = run(account, name, "", role, [vpc.connect()])
    assert ended["JobRunState"] == "FAILED", json.dumps(ended, default=str)
    assert "is not authorized to perform" in ended["ErrorMessage"]
    assert denied in ended["ErrorMessage"]
