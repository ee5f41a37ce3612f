"""The CDK command itself."""

import sys
from pathlib import Path

import pytest

from tests.stacks.isolation import BIN, REPOSITORY, run_isolated


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can take the network from a command")
def test_cdk_synth_needs_no_network_credentials_or_docker(tmp_path: Path) -> None:
    """`cdk synth` of the sample config writes every template; on Linux alone the network is really cut."""
    cdk = [BIN / "node", REPOSITORY / "node_modules" / ".bin" / "cdk"]
    outdir = tmp_path / "cdk.out"
    result = run_isolated(
        [*cdk, "synth", "--quiet", "-c", "wheels=local", "--output", outdir], cwd=REPOSITORY, home=tmp_path
    )
    assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in outdir.glob("*.template.json")) == [
        "lakeshot-dev-common.template.json",
        "lakeshot-dev-events.template.json",
        "lakeshot-dev-reviews.template.json",
    ]
