"""What a database gets that writes the files of exports itself, and who may give it that."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions

from app import build_app, new_app
from lakeshot.config.exports import parse_config
from lakeshot.config.landing import MOST_ROLES
from tests.stacks.template import Template

BUCKET = "arn:aws:s3:::lakeshot-dev-123456789012-us-east-1"
CLUSTER = "arn:aws:rds:us-east-1:123456789012:cluster:crm"
KEY = "arn:aws:kms:us-east-1:123456789012:key/5678abcd-12ab-34cd-56ef-1234567890ab"
THROUGH_S3 = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
ROLE = "lakeshot-dev-connection-crm-s3"
CONNECTION: dict[str, Any] = {"type": "postgres", "host": "db.example.com", "database": "d", "secret": "s"}
LANDING: dict[str, Any] = {"type": "postgres", "connection": "crm", "route": "aws_s3"}


@pytest.fixture
def crm(template: Callable[[str], Template]) -> Template:
    """A connection without a network, whose cluster writes the files of two exports, one with a key."""
    return template("connection-crm")


def built(directory: Path, connections: dict[str, Any], exports: dict[str, Any]) -> dict[str, cdk.Stack]:
    (directory / "glue-5.1.gluewheels.zip").touch()
    config = parse_config({"connections": connections, "exports": exports})
    app = build_app(config, app=new_app(directory / "cdk.out"), wheels=directory)
    return {child.stack_name: child for child in app.node.children if isinstance(child, cdk.Stack)}


def test_the_cluster_writes_what_lands_through_its_connection_and_nothing_else(crm: Template) -> None:
    """It reads and lists nothing, and uses the files' key through S3 alone."""
    written = {f"{BUCKET}/snapshots_customers/*", f"{BUCKET}/snapshots_pages/*"}
    assert crm.allowed(ROLE) == {
        "s3:PutObject": written,
        "s3:AbortMultipartUpload": written,
        "kms:Decrypt": {KEY},
        "kms:GenerateDataKey": {KEY},
    }
    (of_key,) = [one for one in crm.statements(ROLE) if one["Resource"] == [KEY]]
    assert of_key["Condition"] == THROUGH_S3


def test_no_other_database_acts_as_the_role(crm: Template) -> None:
    """RDS says for which cluster it asks."""
    role = crm.text(crm.only("AWS::IAM::Role", RoleName=ROLE))
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "rds.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012", "aws:SourceArn": CLUSTER}
    }


def test_the_role_is_associated_once_it_and_the_function_are_allowed(crm: Template) -> None:
    """And taken off before either is gone, as CloudFormation goes backwards then."""
    (association,) = crm.of_type("Custom::LakeshotDatabaseRole")
    properties = crm.text(association["Properties"])
    assert properties["Cluster"] == "crm"
    assert properties["ServiceToken"].endswith(":function:lakeshot-dev-database-role")
    policies = {name for name, one in crm.document["Resources"].items() if one["Type"] == "AWS::IAM::Policy"}
    assert len(policies) == 2
    assert policies < set(association["DependsOn"])


def test_the_function_may_give_this_cluster_this_role(crm: Template, common: Template) -> None:
    """The stage's own stack lets it touch no database at all."""
    allowed = crm.allowed("lakeshot-dev-database-role")
    for action in ("AddRoleToDBCluster", "DescribeDBClusters", "RemoveRoleFromDBCluster"):
        assert allowed[f"rds:{action}"] == {CLUSTER}, action
    (passed,) = [
        one for one in crm.statements("lakeshot-dev-database-role") if one["Action"] == ["iam:PassRole"]
    ]
    assert [
        crm.document["Resources"][one.strip("<>").split(".")[0]]["Properties"]["RoleName"]
        for one in passed["Resource"]
    ] == [ROLE]
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "rds.amazonaws.com"}}
    own = common.allowed("lakeshot-dev-database-role")
    assert {action.split(":")[0] for action in own} == {"logs", "xray"}


def test_who_reads_data_files_reads_encrypted_ones(
    common: Template, template: Callable[[str], Template]
) -> None:
    """The steps that open files or query them, and the export's own job; nobody else uses the key."""
    readers = {
        name
        for name in (
            "verify-files",
            "verify-readable",
            "publish",
            "view",
            "export",
            "plan",
            "retain",
            "close",
        )
        if KEY in common.allowed(f"lakeshot-dev-{name}").get("kms:Decrypt", ())
    }
    assert readers == {"verify-files", "verify-readable", "publish", "view", "export"}
    job = template("customers")
    assert KEY in job.allowed("lakeshot-dev-customers-job")["kms:Decrypt"]
    for found in (common, job):
        of_key = [one for one in found.statements() if KEY in one["Resource"]]
        assert [one["Condition"] for one in of_key] == [THROUGH_S3] * len(of_key)
        assert {action for one in of_key for action in one["Action"]} == {"kms:Decrypt"}


def test_an_instance_of_its_own_gets_the_role_likewise(tmp_path: Path) -> None:
    """RDS for PostgreSQL has no clusters."""
    stacks = built(
        tmp_path,
        {"crm": {**CONNECTION, "instance": "crm-1"}},
        {"customers": {"source": {**LANDING, "table": "customer"}}},
    )
    text = str(assertions.Template.from_stack(stacks["lakeshot-dev-connection-crm"]).to_json())
    assert ":db:crm-1" in text
    assert "rds:AddRoleToDBInstance" in text
    assert "DBCluster" not in text


def test_a_role_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """None is made and none associated; of the connection there is nothing to deploy."""
    role = "arn:aws:iam::123456789012:role/crm-export"
    stacks = built(
        tmp_path,
        {"crm": {**CONNECTION, "cluster": "crm", "export_role": role}},
        {"customers": {"source": {**LANDING, "table": "customer"}}},
    )
    assert sorted(stacks) == ["lakeshot-dev-common", "lakeshot-dev-customers"]


def test_connections_of_one_stage_do_not_take_each_others_permissions(tmp_path: Path) -> None:
    """Each adds a policy of its own name to the function's role, which keeps one of a name."""
    connections = {name: {**CONNECTION, "cluster": name} for name in ("crm", "shop")}
    exports = {name: {"source": {**LANDING, "connection": name, "table": "t"}} for name in ("crm", "shop")}
    stacks = built(tmp_path, connections, {f"{name}-rows": export for name, export in exports.items()})
    names = {
        policy["Properties"]["PolicyName"]
        for stack in ("lakeshot-dev-connection-crm", "lakeshot-dev-connection-shop")
        for policy in assertions.Template.from_stack(stacks[stack])
        .find_resources("AWS::IAM::Policy")
        .values()
        if "lakeshot-dev-database-role" in policy["Properties"]["Roles"]
    }
    assert names == {"lakeshot-dev-connection-crm", "lakeshot-dev-connection-shop"}


def test_policies_of_as_many_connections_as_there_may_be_fit_the_functions_role(
    tmp_path: Path, common: Template
) -> None:
    """Of the longest names; IAM takes 10,240 characters for a role's inline policies together."""
    cluster, name = "c" * 63, "n" * 29
    connections = {name: {**CONNECTION, "cluster": cluster}}
    exports = {"rows": {"source": {**LANDING, "connection": name, "table": "t"}}}
    stack = built(tmp_path, connections, exports)[f"lakeshot-dev-connection-{name}"]
    (of_function,) = (
        policy["Properties"]["PolicyDocument"]
        for policy in assertions.Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
        if "lakeshot-dev-database-role" in policy["Properties"]["Roles"]
    )
    role = f"arn:aws:iam::123456789012:role/{'r' * 64}"
    each = json.dumps(common.text(of_function)).replace(" ", "")
    each = re.sub("<[^>]+>", role, each).replace("us-east-1", "ap-southeast-1")
    own = json.dumps([*common.statements("lakeshot-dev-database-role")]).replace(" ", "")
    assert role in each
    assert len(own) + MOST_ROLES * len(each) < 10_240


def test_a_connection_without_such_exports_gets_no_role(tmp_path: Path) -> None:
    """Also if its cluster is named."""
    stacks = built(
        tmp_path,
        {"crm": {**CONNECTION, "cluster": "crm"}},
        {"customers": {"source": {**LANDING, "route": "query", "table": "customer"}}},
    )
    assert "lakeshot-dev-connection-crm" not in stacks


def test_an_export_is_deployed_after_its_databases_role(tmp_path: Path) -> None:
    """And that after the function which associates it."""
    stacks = built(
        tmp_path,
        {"crm": {**CONNECTION, "cluster": "crm"}},
        {"customers": {"source": {**LANDING, "table": "customer"}}},
    )
    connection = stacks["lakeshot-dev-connection-crm"]
    assert connection in stacks["lakeshot-dev-customers"].dependencies
    assert stacks["lakeshot-dev-common"] in connection.dependencies
