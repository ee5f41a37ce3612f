"""The CDK command is run with our programs and only the AWS settings it is given."""

from pathlib import Path

import pytest

from demo import cdk
from demo.cdk import Cdk
from demo.narrator import DemoError


def command(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_failing_command_is_told_with_the_end_of_its_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code and the last lines are in the message, all of it in the log."""
    script = "seq 1 40; echo 'no such bucket' >&2; exit 3"
    monkeypatch.setattr(cdk, "_COMMAND", command(tmp_path / "cdk", script))
    with pytest.raises(DemoError) as caught:
        Cdk(directory=tmp_path / "out", environment={}).bootstrap()
    assert "`cdk bootstrap` ended with exit code 3" in str(caught.value)
    assert str(caught.value).endswith("40\nno such bucket")
    assert "\n25\n" not in str(caught.value)
    assert "\n25\n" in (tmp_path / "out" / "cdk.log").read_text()


def test_only_the_given_cloud_is_reachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of the person who runs the demo never reaches the command."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setattr(cdk, "_COMMAND", command(tmp_path / "cdk", "env | grep ^AWS_; echo $@"))
    deployment = Cdk(directory=tmp_path, environment={"AWS_ENDPOINT_URL": "https://127.0.0.1:1"})
    deployment.deploy()
    assert (tmp_path / "cdk.log").read_text().splitlines() == [
        "AWS_ENDPOINT_URL=https://127.0.0.1:1",
        f"deploy --app {tmp_path}/cdk.out --all --require-approval never --concurrency 12",
    ]


def test_a_missing_command_is_told_with_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without `make install` there is no CDK."""
    monkeypatch.setattr(cdk, "_COMMAND", tmp_path / "cdk")
    with pytest.raises(DemoError, match="make install"):
        Cdk(directory=tmp_path, environment={}).bootstrap()
