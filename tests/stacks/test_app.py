"""The app: what it refuses, and how it says so."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk.assertions import Template

from app import FEATURES, REPOSITORY, build_app, new_app, read_config
from lakeshot.config.exports import parse_config
from lakeshot.errors import ConfigError
from stacks.constructs.catalog import Catalog
from stacks.constructs.role import ServiceRole
from stacks.constructs.run_table import RunTable
from stacks.constructs.storage import Storage
from tests.stacks.conftest import run_app

SOURCE = {"type": "dynamodb", "table": "Reviews"}


def test_a_mistake_in_the_config_is_one_clean_line(tmp_path: Path) -> None:
    """A misspelt key ends the synth with exit code 1, telling where and what is meant."""
    config = tmp_path / "exports.yaml"
    config.write_text("exports:\n  reviews:\n    sauce: {type: dynamodb, table: Reviews}\n")
    result = run_app(tmp_path / "cdk.out", config=str(config))
    assert result.returncode == 1
    assert "export 'reviews', field 'sauce': unknown key; did you mean 'source'?" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_region_is_named_with_the_known_ones(tmp_path: Path) -> None:
    """A region without public layers fails at synth, not in the middle of a deployment."""
    config = parse_config({"region": "mars-north-1", "exports": {"reviews": {"source": SOURCE}}})
    with pytest.raises(ConfigError, match=r"'mars-north-1'.*known regions are af-south-1,.* us-west-2\."):
        build_app(config, app=new_app(tmp_path))


def test_missing_wheels_say_how_to_get_them(tmp_path: Path) -> None:
    """Synth fetches nothing itself."""
    config = parse_config({"exports": {"reviews": {"source": SOURCE}}})
    with pytest.raises(ConfigError, match=r"glue-5\.1\.gluewheels\.zip is missing.* make wheels"):
        build_app(config, app=new_app(tmp_path), wheels=tmp_path)


def test_names_too_long_for_iam_are_refused(tmp_path: Path) -> None:
    """The message says by how much the name has to be shorter."""
    config = parse_config({"stage": "production12", "exports": {"a" * 40: {"source": SOURCE}}})
    (tmp_path / "glue-5.1.gluewheels.zip").touch()
    with pytest.raises(ConfigError, match=r"would have 66 characters, IAM allows 64; shorten .* by 2"):
        build_app(config, app=new_app(tmp_path), wheels=tmp_path)


def test_a_wildcard_needs_a_reason(tmp_path: Path) -> None:
    """A role cannot be given a wildcard in passing."""
    role = ServiceRole(cdk.Stack(new_app(tmp_path), "S"), "R", role_name="r", service="glue.amazonaws.com")
    with pytest.raises(ValueError, match="say why it is needed"):
        role.allow("s3:GetObject", on=["arn:aws:s3:::bucket/*"])


def test_every_region_gets_a_common_stack_of_its_own(tmp_path: Path) -> None:
    """Roles know no regions, so those of a second region carry its name; layers are that region's."""
    far = {"source": SOURCE, "region": "eu-west-1", "job": {"glue_version": "6.0"}}
    more = {**far, "catalog": "direct"}
    config = parse_config(
        {
            "region": "us-east-1",
            "exports": {"near": {"source": SOURCE}, "far": far, "farther": more},
            "groups": {"away": {"exports": ["far", "farther"], "schedule": {"expression": "rate(1 day)"}}},
        }
    )
    for version in ("5.1", "6.0"):
        (tmp_path / f"glue-{version}.gluewheels.zip").touch()
    app = build_app(config, app=new_app(tmp_path / "cdk.out"), wheels=tmp_path)
    stacks = {child.node.id: child for child in app.node.children if isinstance(child, cdk.Stack)}
    assert {name: stack.stack_name for name, stack in stacks.items()} == {
        "lakeshot-dev-common": "lakeshot-dev-common",
        "lakeshot-dev-near": "lakeshot-dev-near",
        "lakeshot-dev-common-eu-west-1": "lakeshot-dev-common",
        "lakeshot-dev-far": "lakeshot-dev-far",
        "lakeshot-dev-farther": "lakeshot-dev-farther",
        "lakeshot-dev-group-away": "lakeshot-dev-group-away",
    }
    assert _properties(stacks["lakeshot-dev-group-away"], iam.CfnRole, "role_name") == [
        "lakeshot-dev-group-away-schedule-eu-west-1"
    ]
    assert _properties(stacks["lakeshot-dev-far"], iam.CfnRole, "role_name") == [
        "lakeshot-dev-far-job-eu-west-1",
        "lakeshot-dev-far-crawler-eu-west-1",
    ]
    assert _properties(stacks["lakeshot-dev-far"], glue.CfnJob, "glue_version") == ["6.0"]
    assert _properties(stacks["lakeshot-dev-far"], scheduler.CfnSchedule, "name") == []
    layers = _properties(stacks["lakeshot-dev-common-eu-west-1"], lambda_.CfnFunction, "layers")[0]
    assert layers[1] == "arn:aws:lambda:eu-west-1:336392948345:layer:AWSSDKPandas-Python314:5"


def _properties(stack: cdk.Stack, kind: type[cdk.CfnResource], name: str) -> list[Any]:
    """One property of all resources of a kind."""
    return [stack.resolve(getattr(found, name)) for found in stack.node.find_all() if isinstance(found, kind)]


def test_data_goes_with_the_stack_when_asked(tmp_path: Path) -> None:
    """With keep_data_on_destroy: false all of it is deleted, without a function that empties buckets."""
    stack = cdk.Stack(cdk.App(outdir=str(tmp_path), context=dict(FEATURES)), "S")
    Storage(stack, "Storage", bucket_name="bucket", keep_data=False)
    RunTable(stack, "RunTable", table_name="runs", keep_data=False)
    Catalog(stack, "Catalog", database="lake", workgroup="w", bucket_name="bucket", keep_data=False)
    resources = Template.from_stack(stack).to_json()["Resources"]
    kept = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Glue::Database")
    assert [found["DeletionPolicy"] for found in resources.values() if found["Type"] in kept] == [
        "Delete"
    ] * 4
    assert [found for found in resources.values() if found["Type"] == "AWS::Lambda::Function"] == []


def test_another_stage_can_be_named_without_editing_the_file() -> None:
    """``-c stage=prod`` takes the sample config to another stage, under the same rules."""
    assert read_config(REPOSITORY / "exports.yaml", "prod").stage == "prod"
    with pytest.raises(ConfigError, match="Prod"):
        read_config(REPOSITORY / "exports.yaml", "Prod")


def test_the_sample_config_runs_nothing_by_itself() -> None:
    """A newcomer's first deployment starts no job and costs next to nothing."""
    config = read_config(REPOSITORY / "exports.yaml")
    assert list(config.exports) == ["reviews", "events"]
    assert [e.schedule.enabled for e in config.exports.values() if e.schedule is not None] == [False]
