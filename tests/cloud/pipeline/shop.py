"""The shop's database: a real PostgreSQL, in a VPC of the embedded cloud with endpoints of AWS only."""

import json
from pathlib import Path
from string import Template

from local.glue.reachable import let_subnets_reach
from local.postgres.database import Database
from local.postgres.server import PostgresServer
from tests.cloud.local.account import Account
from tests.cloud.pipeline.pipeline import Pipeline

READER, PASSWORD = "lakeshot_reader", "a secret that no message tells"
EXPORTS = Path(__file__).with_name("exports.yaml")


def open_shop(account: Account, server: PostgresServer) -> Database:
    """The shop's database, whose reader's login is in the account's secrets."""
    shop = server.create_database("shop")
    shop.create_reader(READER, PASSWORD)
    secrets = account.client("secretsmanager")
    for name, password in (("shop/reader", PASSWORD), ("shop/wrong", "not the password")):
        login = {"username": READER, "password": password}
        secrets.create_secret(Name=name, SecretString=json.dumps(login))
    let_subnets_reach(account.instance.settings.directory / "tmp", f"localhost:{server.port}")
    return shop


def tell_cpu(pipeline: Pipeline, percent: float) -> None:
    """Have CloudWatch know how busy the shop's instance is now, as it does of every one in RDS."""
    pipeline.client("cloudwatch").put_metric_data(
        Namespace="AWS/RDS",
        MetricData=[
            {
                "MetricName": "CPUUtilization",
                "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "shop-instance-1"}],
                "Value": percent,
                "Unit": "Percent",
            }
        ],
    )


def exports_of(account: Account, server: PostgresServer, ledger: PostgresServer, directory: Path) -> Path:
    """What is deployed, with the names of this session."""
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1a")["Subnet"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet["SubnetId"])
    rendered = Template(EXPORTS.read_text()).substitute(
        port=server.port,
        ca=server.ca_certificate,
        ledger_port=ledger.port,
        ledger_ca=ledger.ca_certificate,
        vpc=vpc,
        subnet=subnet["SubnetId"],
        route_table=table,
    )
    file = directory / "exports.yaml"
    file.write_text(rendered)
    return file
