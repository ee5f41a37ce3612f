"""All templates, synthesised once."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stacks.isolation import REPOSITORY, run_isolated
from tests.stacks.template import Template


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder: its one synth takes longer than all unit tests of a worker."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("stacks")


def run_app(outdir: Path, **context: str) -> "subprocess.CompletedProcess[str]":
    """Run the app as the CDK command does, but from another directory."""
    return run_isolated(
        [sys.executable, REPOSITORY / "app.py"],
        cwd=outdir.parent,
        home=outdir.parent,
        PYTHONPATH=str(REPOSITORY / "core" / "python"),
        CDK_OUTDIR=str(outdir),
        CDK_CONTEXT_JSON=json.dumps({"wheels": "local", **context}),
    )


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly of tests/stacks/exports.yaml, made by the first worker that needs it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    outdir = shared / "stacks" / "cdk.out"
    outdir.parent.mkdir(exist_ok=True)
    with (outdir.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (outdir / "manifest.json").exists():
            result = run_app(outdir, config="tests/stacks/exports.yaml")
            assert result.returncode == 0, result.stderr
    return outdir


@pytest.fixture(scope="session")
def template(assembly: Path) -> Callable[[str], Template]:
    """A stack's template by its construct id without ``lakeshot-dev-``."""
    return lambda name: Template(assembly / f"lakeshot-dev-{name}.template.json")


@pytest.fixture(scope="session")
def common(template: Callable[[str], Template]) -> Template:
    """The common stack."""
    return template("common")


@pytest.fixture(scope="session")
def reviews(template: Callable[[str], Template]) -> Template:
    """An export with a crawler and a schedule that is not enabled."""
    return template("reviews")


@pytest.fixture(scope="session")
def events(template: Callable[[str], Template]) -> Template:
    """An export with a direct catalog, an enabled schedule and every setting of a job."""
    return template("order-events")


@pytest.fixture(scope="session")
def shop(template: Callable[[str], Template]) -> Template:
    """A connection to a database in a VPC, with endpoints of both kinds."""
    return template("connection-shop")


@pytest.fixture(scope="session")
def articles(template: Callable[[str], Template]) -> Template:
    """An export of a PostgreSQL table through that connection."""
    return template("articles")


@pytest.fixture(scope="session")
def pages(template: Callable[[str], Template]) -> Template:
    """An export whose files no query engine reads."""
    return template("pages")


@pytest.fixture(scope="session")
def nightly(template: Callable[[str], Template]) -> Template:
    """A group of two exports with an enabled schedule."""
    return template("group-nightly")
