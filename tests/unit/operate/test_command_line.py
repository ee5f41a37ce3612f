"""Commands print results on standard output, errors on standard error, and never a traceback."""

import json
import runpy
from pathlib import Path

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError, NoCredentialsError

from operate import command_line, status
from operate.command_line import main
from operate.context import Context
from tests.unit.operate.conftest import CONFIG, ORDERS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "exports.yaml"
    path.write_text(CONFIG)
    return str(path)


def test_help_says_which_cloud_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody has to guess whether a command goes to AWS or to the embedded cloud."""
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "with AWS_PROFILE set, that AWS account" in printed
    assert "Otherwise the embedded cloud of `make local` while it runs" in printed


@pytest.mark.usefixtures("stage")
def test_payload_prints_nothing_but_json(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed can be pasted as it is."""
    assert main(["-c", file, "payload", "reviews"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["job"] == "lakeshot-dev-reviews"
    assert printed.err == ""


@pytest.mark.usefixtures("group_stage")
def test_payload_of_a_group_holds_its_members(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is pasted like that of an export."""
    assert main(["-c", file, "payload", "nightly"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["group"] == "nightly"
    assert [member["export"] for member in printed["members"]] == ["reviews", "orders"]


def test_show_of_a_group_names_what_it_makes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Members, schedule and view of a group, alone or with everything else."""
    path = tmp_path / "exports.yaml"
    path.write_text(f"{CONFIG}{ORDERS}groups:\n  nightly:\n    exports: [reviews, orders]\n")
    assert main(["-c", str(path), "show", "nightly"]) == 0
    [(name, shown)] = yaml.safe_load(capsys.readouterr().out).items()
    assert (name, shown["exports"], shown["schedule"]) == ("nightly", ["reviews", "orders"], None)
    assert shown["resources"] == {
        "stack": "lakeshot-dev-group-nightly",
        "schedule": None,
        "parameter": "/lakeshot/dev/groups/nightly",
        "view": "lakeshot.nightly",
    }
    main(["-c", str(path), "show"])
    assert yaml.safe_load(capsys.readouterr().out)["groups"] == {name: shown}


def test_show_fills_in_defaults_and_names(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Settings nobody wrote are shown with their values, and every name that follows, without an account."""
    assert main(["-c", file, "--stage", "prod", "show"]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert shown["stage"] == "prod"
    assert shown["resources"]["state_machine"] == "lakeshot-prod-export"
    reviews = shown["exports"]["reviews"]
    assert reviews["source"]["read_percentage"] == 0.25
    assert reviews["compression"] == "snappy"
    assert reviews["job"]["workers"] == 2
    assert reviews["rate"].startswith("25% of the table's provisioned read units")
    assert reviews["resources"]["view"] == "lakeshot.reviews"


def test_show_fills_in_what_follows_from_the_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Changes are catalogued directly, are due whole once a week, and take no read units."""
    file = tmp_path / "exports.yaml"
    file.write_text("exports:\n  orders: {kind: changes, source: {type: dynamodb, table: Orders}}\n")
    assert main(["-c", str(file), "show", "orders"]) == 0
    orders = yaml.safe_load(capsys.readouterr().out)["orders"]
    assert (orders["catalog"], orders["full_every_days"]) == ("direct", 7)
    assert orders["rate"] == "none: DynamoDB exports the table itself, which takes no read units"
    assert orders["resources"]["changes_table"] == "lakeshot.snapshots_orders__changes"
    assert orders["resources"]["crawler"] is None


def test_show_names_what_files_of_a_database_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The role they are written under; neither view nor table, as no query engine reads these."""
    file = tmp_path / "exports.yaml"
    file.write_text(
        "connections:\n  shop: {type: postgres, host: db, database: shop, secret: shop, cluster: shop}\n"
        "exports:\n  pages:\n    source: {type: postgres, connection: shop, table: page, route: aws_s3}\n"
        "    format: binary\n"
    )
    assert main(["-c", str(file), "show", "pages"]) == 0
    pages = yaml.safe_load(capsys.readouterr().out)["pages"]
    assert (pages["resources"]["view"], pages["resources"]["table"]) == (None, None)
    assert pages["resources"]["destination"].endswith("/snapshots_pages/")
    assert main(["-c", str(file), "show"]) == 0
    shop = yaml.safe_load(capsys.readouterr().out)["connections"]["shop"]["resources"]
    assert shop["stack"] == "lakeshot-dev-connection-shop"
    assert shop["landing_role"] == "lakeshot-dev-connection-shop-s3"


def test_show_of_one_export_shows_only_that(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A name narrows the output to its export."""
    assert main(["-c", file, "show", "reviews"]) == 0
    assert list(yaml.safe_load(capsys.readouterr().out)) == ["reviews"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "orders"], "there is no export or group 'orders' in"),
        (["--config", "nowhere.yaml", "show"], "nowhere.yaml: cannot be read"),
        (["--stage", "Not A Stage", "show"], "got 'Not A Stage'"),
    ],
)
def test_what_cannot_be_used_ends_with_2(
    file: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing on standard output; the reason on standard error."""
    assert main(["-c", file, *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err


@pytest.mark.usefixtures("stage")
def test_what_cannot_be_done_ends_with_1(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One paragraph on standard error, no traceback."""
    assert main(["-c", file, "payload", "orders"]) == 1
    assert capsys.readouterr().err == (
        "no export or group 'orders' is deployed; deployed are the exports: reviews; the groups: none. "
        "Add it to exports.yaml if it is new, then: make deploy\n"
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), "no AWS credentials were found: set AWS_PROFILE"),
        (
            ClientError({"Error": {"Code": "ExpiredToken", "Message": "x"}}, "GetParameter"),
            "the AWS credentials are expired or unknown there",
        ),
        (
            ClientError(
                {
                    "Error": {
                        "Code": "AccessDeniedException",
                        "Message": "User: arn:aws:iam::1:user/anna is not authorized to perform: "
                        "ssm:GetParametersByPath on resource: arn:aws:ssm:us-east-1:1:parameter/lakeshot",
                    }
                },
                "GetParametersByPath",
            ),
            "arn:aws:iam::1:user/anna may not perform ssm:GetParametersByPath on arn:aws:ssm:us-east-1:1:",
        ),
        (
            ClientError({"Error": {"Code": "Throttling", "Message": "slow down"}}, "GetParameter"),
            "AWS did not carry out GetParameter: slow down",
        ),
    ],
)
def test_errors_of_the_sdk_are_told_in_a_line(
    file: str,
    error: Exception,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Missing or expired credentials, refusals and other errors each say what to do or what was said."""

    def failing(_context: Context) -> int:
        raise error

    monkeypatch.setattr(status, "status", failing)
    assert main(["-c", file, "status"]) == command_line.FAILED
    told = capsys.readouterr().err
    assert told.startswith(said)
    assert told.count("\n") == 1


@pytest.mark.usefixtures("stage")
def test_a_deployment_by_another_version_is_told(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is deployed may be older or newer than these commands."""
    boto3.client("ssm").put_parameter(
        Name="/lakeshot/dev/exports/reviews", Value='{"export": "reviews"}', Overwrite=True
    )
    assert main(["-c", file, "payload", "reviews"]) == 1
    assert capsys.readouterr().err == (
        "this stage holds a Deployed that another version of Lakeshot wrote; use that version, or "
        "deploy this one with: make deploy\n"
    )


def test_the_committed_schema_is_the_one_of_the_config(capsys: pytest.CaptureFixture[str]) -> None:
    """Editors check exports.yaml against what is really accepted; `make schema` writes the file."""
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == (ROOT / "exports.schema.json").read_text()


def test_the_schema_describes_every_setting_and_refuses_unknown_ones() -> None:
    """A setting without a description, or a mapping that takes any key, would help nobody."""
    schema = json.loads((ROOT / "exports.schema.json").read_text())
    objects = [schema, *(found for found in schema["$defs"].values() if found["type"] == "object")]
    assert {found["title"] for found in objects} == {
        "Lakeshot exports",
        "AwsS3Options",
        "Connection",
        "DynamoDBSource",
        "Export",
        "Group",
        "Job",
        "Network",
        "PostgresSource",
        "Schedule",
        "Subnet",
    }
    assert all(found["additionalProperties"] is False for found in objects)
    undescribed = [
        f"{found['title']}.{name}"
        for found in objects
        for name, setting in found["properties"].items()
        if "description" not in setting
    ]
    assert undescribed == []


def test_python_m_operate_is_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The module runs as a program and its exit code is the command's."""
    monkeypatch.setenv("AWS_PROFILE", "chosen")
    monkeypatch.setattr("sys.argv", ["operate", "schema"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_module("operate", run_name="__main__")
    assert capsys.readouterr().out.startswith('{\n  "$schema"')
