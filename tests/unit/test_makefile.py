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
    [
        ("run", "EXPORT or GROUP"),
        ("payload", "EXPORT or GROUP"),
        ("rollback", "EXPORT or GROUP"),
        ("doctor", "EXPORT"),
        ("watch", "RUN"),
        ("stop-run", "RUN"),
        ("redrive", "RUN"),
    ],
)
def test_a_missing_value_is_told_in_one_line(target: str, variable: str) -> None:
    """The line names what to give, how, and where to look it up."""
    ended = make(target)
    assert ended.returncode == 2
    assert ended.stdout == ""
    [line] = ended.stderr.splitlines()
    one = variable.split(maxsplit=1)[0]
    assert f"{variable} is missing; give " in line
    assert f"as in `make {target} {one}=...`. `make status` shows" in line


def test_an_export_and_a_group_are_not_run_at_once() -> None:
    """Which of the two is meant is not guessed."""
    ended = make("run", "EXPORT=reviews", "GROUP=nightly")
    assert ended.returncode == 2
    assert "EXPORT and GROUP are both given; give one of them" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (("run", "GROUP=nightly"), 'run "nightly"'),
        (("rollback", "EXPORT=reviews"), 'rollback "reviews"'),
        (("rollback", "GROUP=nightly", "SNAPSHOT=20261121T100000Z"), '--snapshot "20261121T100000Z"'),
        (("redrive", "RUN=reviews-1"), 'redrive "reviews-1"'),
        (("doctor", "EXPORT=articles"), 'doctor "articles"'),
        (("bootstrap", "CONFIG=ours.yaml", "STAGE=prod"), "cdk bootstrap -c config=ours.yaml -c stage=prod"),
    ],
)
def test_what_is_given_reaches_the_command(arguments: tuple[str, ...], command: str) -> None:
    """Exports and groups are named alike; a snapshot is passed on where one is given."""
    assert command in make(*arguments).stdout


def test_local_deploys_the_config_it_is_given() -> None:
    """CONFIG means the same to `make local` as to `make deploy`."""
    assert "demo.local start --config other.yaml" in make("local", "CONFIG=other.yaml").stdout
