"""What outside judges say of the templates."""

import json
import subprocess
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs

from app import new_app
from tests.stacks.isolation import BIN, REPOSITORY
from tests.stacks.template import Template


def test_cdk_nag_finds_nothing(assembly: Path) -> None:
    """No finding of the AwsSolutions pack or of the CDK is left unacknowledged, warnings included."""
    report = json.loads((assembly / "validation-report.json").read_text())
    assert [finding for plugin in report["pluginReports"] for finding in plugin["violations"]] == []


def test_cdk_nag_would_stop_a_synth(tmp_path: Path) -> None:
    """The pack is really in force: a queue without TLS does not synthesise."""
    app = new_app(tmp_path)
    sqs.Queue(cdk.Stack(app, "Bad"), "Queue")
    with pytest.raises(RuntimeError, match="AwsSolutions-SQS4"):
        app.synth()


def test_cfn_lint_finds_nothing(assembly: Path) -> None:
    """Every template is what CloudFormation's own schemas allow."""
    # W3005: depending on a role, the CDK names the role beside its policy, which alone would do.
    # W3010: a Glue connection names the zone of its subnet, which exports.yaml gives like the subnet.
    command = [str(BIN / "cfn-lint"), "--ignore-checks", "W3005", "W3010", "--"]
    templates = sorted(str(path) for path in assembly.glob("*.template.json"))
    result = subprocess.run([*command, *templates], capture_output=True, text=True, check=False)
    assert len(templates) == 12
    assert (result.returncode, result.stdout) == (0, "")


def test_state_machine_is_valid_asl(common: Template, tmp_path: Path) -> None:
    """The definition passes a validator of the Amazon States Language."""
    definition = tmp_path / "definition.json"
    text = json.dumps(common.state_machine).replace('"<', '"arn:aws:lambda:us-east-1:123456789012:function:')
    definition.write_text(text.replace('.Arn>"', '"'))
    validator = REPOSITORY / "node_modules" / "asl-validator" / "dist" / "bin" / "asl-validator.js"
    result = subprocess.run(
        [BIN / "node", validator, "--json-path", definition], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "is valid" in result.stdout
