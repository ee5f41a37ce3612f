"""A make target that needs a value says which, before it installs or starts anything."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """What a dry run says; nothing of the surrounding make or shell gives the values."""
    environment = {"PATH": os.environ["PATH"]}
    return subprocess.run(
        ["make", "--dry-run", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("target", "variable"),
    [("run", "EXPORT"), ("payload", "EXPORT"), ("watch", "RUN"), ("stop-run", "RUN")],
)
def test_a_missing_value_is_told_in_one_line(target: str, variable: str) -> None:
    """The line names what to give, how, and where to look it up."""
    ended = make(target)
    assert ended.returncode == 2
    assert ended.stdout == ""
    [line] = ended.stderr.splitlines()
    assert (
        f"{variable} is missing; give it, as in `make {target} {variable}=...`. "
        "`make status` shows exports and runs."
    ) in line


def test_local_deploys_the_config_it_is_given() -> None:
    """CONFIG means the same to `make local` as to `make deploy`."""
    assert "demo.local start --config other.yaml" in make("local", "CONFIG=other.yaml").stdout
