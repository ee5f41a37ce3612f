"""A connection's stack, and what exports get of it: what must not break."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions

from app import build_app, new_app, read_config
from lakeshot.config.connections import Network
from lakeshot.config.deployed import Deployed
from lakeshot.config.endpoint_prices import monthly_price, monthly_usd
from lakeshot.config.exports import Config, parse_config
from lakeshot.errors import ConfigError
from stacks.assets.rds_ca_bundle import BUNDLE, described
from tests.stacks.template import Template

WORKERS = "<JobsWorkersB00BF571.GroupId>"
ROLE = "lakeshot-dev-articles-job"
LOGS = "com.amazonaws.us-east-1.logs"
GLUE = "arn:aws:glue:us-east-1:123456789012"
EC2, SHARED = "arn:aws:ec2:us-east-1:123456789012", "arn:aws:ec2:us-east-1:*"
SUBNETS = ("subnet-0a0a0a0a", "subnet-0b0b0b0b", "subnet-0c0c0c0c")
CONNECTIONS = [f"lakeshot-dev-connection-shop-{subnet}" for subnet in SUBNETS]
CONNECTION: dict[str, Any] = {"type": "postgres", "host": "db.example.com", "database": "d", "secret": "s"}
NETWORK: dict[str, Any] = {
    "vpc": "vpc-0a1b2c3d",
    "subnets": [{"id": "subnet-0a0a0a0a", "zone": "us-east-1a"}],
    "route_tables": ["rtb-0a1b2c3d"],
}


def test_jobs_run_in_every_subnet_that_is_given(shop: Template) -> None:
    """One Glue connection for each, all in the group of workers and in the groups that are given."""
    found = {
        made["ConnectionInput"]["Name"]: made["ConnectionInput"]
        for made in (shop.text(one["Properties"]) for one in shop.of_type("AWS::Glue::Connection"))
    }
    assert sorted(found) == CONNECTIONS
    assert {made["ConnectionType"] for made in found.values()} == {"NETWORK"}
    assert found[CONNECTIONS[1]]["PhysicalConnectionRequirements"] == {
        "SubnetId": "subnet-0b0b0b0b",
        "AvailabilityZone": "us-east-1b",
        "SecurityGroupIdList": [WORKERS, "sg-0d1e2f3a"],
    }


def test_workers_reach_each_other_as_glue_demands(shop: Template) -> None:
    """All TCP ports of the group are open to the group, in and out, and to nobody else."""
    inward = shop.text(
        shop.only("AWS::EC2::SecurityGroupIngress", SourceSecurityGroupId=WORKERS, ToPort=65535)
    )
    outward = shop.text(shop.only("AWS::EC2::SecurityGroupEgress"))
    for rule in (inward, outward):
        assert (rule["GroupId"], rule["IpProtocol"], rule["FromPort"]) == (WORKERS, "tcp", 0)
    assert outward["DestinationSecurityGroupId"] == WORKERS
    group = shop.only("AWS::EC2::SecurityGroup", GroupName="lakeshot-dev-connection-shop")
    assert "SecurityGroupIngress" not in group
    assert [rule["ToPort"] for rule in group["SecurityGroupEgress"]] == [443, 5433]


def test_endpoints_are_made_as_asked(shop: Template) -> None:
    """Gateways in the route tables; interfaces in one subnet of each zone."""
    found = {
        made["ServiceName"].rsplit(".", 1)[-1]: made
        for made in (shop.text(one["Properties"]) for one in shop.of_type("AWS::EC2::VPCEndpoint"))
    }
    assert sorted(found) == ["dynamodb", "logs", "s3", "secretsmanager"]
    for service in ("s3", "dynamodb"):
        assert found[service]["VpcEndpointType"] == "Gateway"
        assert found[service]["RouteTableIds"] == ["rtb-0a1b2c3d", "rtb-0c2d3e4f"]
    for service in ("secretsmanager", "logs"):
        assert found[service]["VpcEndpointType"] == "Interface"
        assert found[service]["SubnetIds"] == ["subnet-0a0a0a0a", "subnet-0b0b0b0b"]
        assert found[service]["PrivateDnsEnabled"] is True


def test_endpoints_take_their_services_from_nobody(shop: Template) -> None:
    """Their names hold in the whole VPC, so workers are let in, and whoever else has an address there."""
    endpoint = shop.text(shop.only("AWS::EC2::VPCEndpoint", PrivateDnsEnabled=True, ServiceName=LOGS))
    (group,) = endpoint["SecurityGroupIds"]
    rule = shop.text(shop.only("AWS::EC2::SecurityGroupIngress", GroupId=group))
    assert (rule["SourceSecurityGroupId"], rule["FromPort"], rule["ToPort"]) == (WORKERS, 443, 443)
    made = shop.only("AWS::EC2::SecurityGroup", GroupName="lakeshot-dev-connection-shop-endpoints")
    blocks = [ip_network(rule["CidrIp"]) for rule in made["SecurityGroupIngress"]]
    assert all(rule["FromPort"] == rule["ToPort"] == 443 for rule in made["SecurityGroupIngress"])
    for address in ("10.0.3.14", "172.31.0.5", "192.168.1.1", "100.64.0.9"):
        assert any(ip_address(address) in block for block in blocks)
    assert not any(ip_address("8.8.8.8") in block for block in blocks)


def test_the_price_of_endpoints_is_told(shop: Template) -> None:
    """Two interfaces in two zones, by the hour; gateways cost nothing."""
    assert shop.document["Outputs"]["EndpointsMonthlyPrice"]["Value"].startswith("about $29.20 a month")
    network = Network.model_validate({**NETWORK, "endpoints": ["logs"]})
    assert "(1 interface endpoint in 1 zone), and $0.01 for each GB" in monthly_price(network)
    network = Network.model_validate({**NETWORK, "endpoints": ["s3"]})
    assert (monthly_usd(network), monthly_price(network)) == (0, "nothing: gateway endpoints are free")


def test_a_job_runs_in_the_network_of_its_connection(articles: Template, reviews: Template) -> None:
    """It names the Glue connections; a job of another source names none."""
    assert articles.only("AWS::Glue::Job")["Connections"] == {"Connections": CONNECTIONS}
    assert "Connections" not in reviews.only("AWS::Glue::Job")


def test_a_job_reads_one_secret_and_its_certificates(articles: Template) -> None:
    """By the secret's name, whose ARN ends in six characters of its own, and by no key but the secret's."""
    allowed = articles.allowed(ROLE)
    assert allowed["secretsmanager:GetSecretValue"] == {
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/exports-??????"
    }
    (decrypt,) = [one for one in articles.statements(ROLE) if "kms:Decrypt" in one["Action"]]
    assert decrypt["Resource"] == [
        "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    ]
    assert decrypt["Condition"] == {
        "StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}
    }
    deployed = Deployed.model_validate_json(articles.text(articles.only("AWS::SSM::Parameter")["Value"]))
    assert deployed.connection is not None
    assert deployed.connection.ca.removeprefix("s3://") in {
        arn.removeprefix("arn:aws:s3:::") for arn in allowed["s3:GetObject"]
    }
    assert deployed.connection.ca.endswith(".pem")


def test_a_job_looks_at_the_cpu_of_an_instance_that_is_named(articles: Template, tmp_path: Path) -> None:
    """CloudWatch confines that to no metric; without an instance the job may not ask at all."""
    deployed = Deployed.model_validate_json(articles.text(articles.only("AWS::SSM::Parameter")["Value"]))
    assert deployed.connection is not None
    assert deployed.connection.instance == "shop-instance-1"
    assert articles.allowed(ROLE)["cloudwatch:GetMetricData"] == {"*"}
    stack = _stacks(_config(), tmp_path)["lakeshot-dev-articles"]
    assert "GetMetricData" not in str(assertions.Template.from_stack(stack).to_json())


def test_a_job_of_a_database_touches_no_source_table(articles: Template) -> None:
    """Of DynamoDB it knows its own partition of the run table; of Glue, its own connections."""
    allowed = articles.allowed(ROLE)
    assert {action for action in allowed if action.startswith("dynamodb:")} == {
        f"dynamodb:{action}" for action in ("ConditionCheckItem", "GetItem", "PutItem", "UpdateItem")
    }
    assert allowed["glue:GetConnection"] == {
        f"{GLUE}:catalog",
        *(f"{GLUE}:connection/{name}" for name in CONNECTIONS),
    }


def test_glue_makes_network_interfaces_in_these_subnets_alone(articles: Template) -> None:
    """With groups of this VPC, whoever shares it; it removes none elsewhere, and sets no tag but its own."""
    subnets = [f"{SHARED}:subnet/{subnet}" for subnet in SUBNETS]
    found = {
        (action, tuple(one["Resource"])): one.get("Condition")
        for one in articles.statements(ROLE)
        for action in one["Action"]
        if action.startswith("ec2:") and "Describe" not in action
    }
    interfaces, groups = f"{EC2}:network-interface/*", f"{EC2}:security-group/*"
    tag = {"ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]}}
    assert found == {
        ("ec2:CreateNetworkInterface", (interfaces, *subnets)): None,
        ("ec2:CreateNetworkInterface", (groups,)): {"ArnLike": {"ec2:Vpc": f"{SHARED}:vpc/vpc-0a1b2c3d"}},
        ("ec2:DeleteNetworkInterface", (interfaces,)): {"ArnLike": {"ec2:Subnet": subnets}},
        ("ec2:CreateTags", (interfaces,)): tag,
        ("ec2:DeleteTags", (interfaces,)): tag,
    }


def test_only_glue_acts_as_a_job_of_a_database(articles: Template) -> None:
    """No step looks at the database."""
    role = articles.only("AWS::IAM::Role", RoleName=ROLE)
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "glue.amazonaws.com"}


def _config(*, network: object = None, **connection: object) -> Config:
    settings = {**CONNECTION, **connection, **({"network": network} if network else {})}
    source = {"type": "postgres", "connection": "shop", "table": "article"}
    return parse_config(
        {
            "connections": {"shop": settings},
            "exports": {"articles": {"source": source}},
        }
    )


def _stacks(config: Config, directory: Path) -> dict[str, cdk.Stack]:
    (directory / "glue-5.1.gluewheels.zip").touch()
    app = build_app(config, app=new_app(directory / "cdk.out"), wheels=directory)
    return {child.stack_name: child for child in app.node.children if isinstance(child, cdk.Stack)}


def test_a_connection_is_deployed_before_its_exports(tmp_path: Path) -> None:
    """By order, not by reference."""
    stacks = _stacks(_config(network=NETWORK), tmp_path)
    before = {one.stack_name for one in stacks["lakeshot-dev-articles"].dependencies}
    assert before == {"lakeshot-dev-common", "lakeshot-dev-connection-shop"}


def test_a_connection_without_a_network_needs_no_stack(tmp_path: Path) -> None:
    """Its jobs run outside any VPC and may do nothing in one."""
    stacks = _stacks(_config(), tmp_path)
    assert sorted(stacks) == ["lakeshot-dev-articles", "lakeshot-dev-common"]
    role = str(assertions.Template.from_stack(stacks["lakeshot-dev-articles"]).to_json())
    assert "ec2:" not in role
    assert "glue:GetConnection" not in role


def test_a_record_of_any_length_fits_its_parameter(articles: Template, tmp_path: Path) -> None:
    """Of 4 KiB as a rule, which cost nothing; of more where a config needs it, never beyond 8 KiB."""
    assert "Tier" not in articles.only("AWS::SSM::Parameter")
    source = {"type": "postgres", "connection": "shop", "select": "s" * 1_490}
    secret = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{'s' * 500}"
    connection = {**CONNECTION, "host": ".".join(["h" * 62] * 4), "database": "d" * 63, "secret": secret}
    types = {f"t{number:03}": "string" for number in range(120)}
    config = parse_config(
        {"connections": {"shop": connection}, "exports": {"articles": {"source": source, "types": types}}}
    )
    stack = _stacks(config, tmp_path)["lakeshot-dev-articles"]
    found = assertions.Template.from_stack(stack).find_resources("AWS::SSM::Parameter")
    (parameter,) = found.values()
    assert parameter["Properties"]["Tier"] == "Intelligent-Tiering"
    assert len(str(parameter["Properties"]["Value"])) < 7_000


@pytest.mark.parametrize(
    ("secret", "named"),
    [
        ("arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/exports-AbC123", ""),
        ("arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/exports", "-??????"),
        ("arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!cluster-1fcd41b2-194a-AbC123", ""),
    ],
)
def test_a_secret_may_be_named_by_its_arn(secret: str, named: str, tmp_path: Path) -> None:
    """Whole, or without the characters at its end."""
    stack = _stacks(_config(secret=secret), tmp_path)["lakeshot-dev-articles"]
    assert f"'{secret}{named}'" in str(assertions.Template.from_stack(stack).to_json())


@pytest.mark.parametrize(("endpoint", "place"), [("s3", "rtb-0a1b2c3d"), ("logs", "vpc-0a1b2c3d")])
def test_an_endpoint_is_made_once(endpoint: str, place: str, tmp_path: Path) -> None:
    """Two connections in one VPC cannot both make it."""
    one = {**CONNECTION, "network": {**NETWORK, "endpoints": [endpoint]}}
    sources = [{"type": "postgres", "connection": name, "table": "t"} for name in ("left", "right")]
    config = parse_config(
        {
            "connections": {"left": one, "right": one},
            "exports": {f"export-{number}": {"source": source} for number, source in enumerate(sources)},
        }
    )
    with pytest.raises(ConfigError, match=f"'left' and 'right' .* {endpoint!r} in {place}"):
        _stacks(config, tmp_path)


def _written(directory: Path, tls_ca: str) -> Path:
    path = directory / "exports.yaml"
    path.write_text(
        "connections:\n"
        f"  shop: {{type: postgres, host: db.example.com, database: d, secret: s, tls_ca: {tls_ca}}}\n"
        "exports:\n"
        "  articles:\n"
        "    source: {type: postgres, connection: shop, table: article}\n"
    )
    return path


def test_certificates_lie_beside_the_config(tmp_path: Path) -> None:
    """A relative path begins at exports.yaml, wherever the command runs."""
    (tmp_path / "ours.pem").write_text(BUNDLE.read_text())
    config = read_config(_written(tmp_path, "ours.pem"), "prod")
    assert config.connections["shop"].tls_ca == str(tmp_path / "ours.pem")
    assert config.stage == "prod"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"no certificate", "holds no certificates that can be read"),
        (b"\xff\xfe", "is not PEM but something binary"),
        (b"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", "holds a private key"),
    ],
)
def test_a_file_that_holds_no_certificates_is_refused(
    content: bytes | None, told: str, tmp_path: Path
) -> None:
    """Before anything is deployed, with the connection and what to give."""
    if content is not None:
        (tmp_path / "ours.pem").write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        read_config(_written(tmp_path, "ours.pem"))
    assert "connection 'shop', field 'tls_ca': the file" in str(refused.value)
    assert told in str(refused.value)


def test_amazons_certificates_are_valid_for_years() -> None:
    """All that are trusted by default; a renewal is made as stacks/assets/rds_ca_bundle.py says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=str(BUNDLE))
    blocks = BUNDLE.read_text().split("-----END CERTIFICATE-----\n")[:-1]
    ends = dict(described(f"{block}-----END CERTIFICATE-----\n") for block in blocks)
    assert context.cert_store_stats()["x509_ca"] == len(ends) == 92
    assert min(ends.values()) > datetime.now(UTC) + timedelta(days=5 * 365)
    assert {"Amazon RDS eu-central-1 Root CA RSA2048 G1", "Amazon Root CA 1"} <= ends.keys()
