"""The doctor looks from where a job would: under its role, in its subnet, by its endpoints."""

import json
from pathlib import Path

import pytest

from local.postgres.database import Database
from operate.command_line import main
from tests.cloud.pipeline.pipeline import Pipeline
from tests.cloud.pipeline.shop import PASSWORD, tell_cpu

pytestmark = pytest.mark.cloud

OF_DATABASE = ["server", "connections", "table", "lock", "parts", "snapshot", "transactions"]


@pytest.fixture
def looked_at(
    pipeline: Pipeline, shop: Database, config: Path, capsys: pytest.CaptureFixture[str]
) -> "Doctor":
    shop.execute("CREATE TABLE IF NOT EXISTS public.article (id bigint PRIMARY KEY)")
    return Doctor(config, capsys)


class Doctor:
    """The command, as a script would call it."""

    def __init__(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._config, self._capsys = config, capsys

    def look_at(self, export: str) -> tuple[int, dict[str, list[str]], dict[str, str]]:
        """Its exit code, the checks by how they ended, and what each of them found."""
        code = main(["-c", str(self._config), "doctor", export, "--json"])
        printed = self._capsys.readouterr()
        assert PASSWORD not in printed.out + printed.err
        found = json.loads(printed.out)
        assert found["error"] is None, found["error"]
        ended: dict[str, list[str]] = {}
        for check in found["checks"]:
            ended.setdefault(check["outcome"], []).append(check["name"])
        return code, ended, {check["name"]: check["found"] for check in found["checks"]}


def test_an_export_that_has_what_it_needs(looked_at: Doctor, pipeline: Pipeline) -> None:
    """Every service is found by the endpoint that the subnet has of it."""
    tell_cpu(pipeline, 31)
    code, ended, found = looked_at.look_at("articles")
    assert (code, list(ended)) == (0, ["passed"]), found
    assert found["login"] == "'lakeshot_reader' is let into database 'shop'"


@pytest.mark.parametrize(
    ("export", "failed", "told"),
    [
        ("wrong-password", "login", "password authentication failed"),
        ("untrusted", "encryption", "its certificate is not trusted"),
        ("nowhere", "port", "nothing listens at localhost:9"),
    ],
)
def test_what_keeps_a_run_from_its_database_is_told(
    looked_at: Doctor, export: str, failed: str, told: str
) -> None:
    """The same that its runs fail by, without one; what needs it is not tried, and the rest is."""
    code, ended, found = looked_at.look_at(export)
    assert (code, ended["failed"]) == (1, [failed])
    assert told in found[failed]
    assert ended["not tried"][-len(OF_DATABASE) :] == OF_DATABASE
    assert {"secret", "files", "run table"} <= set(ended["passed"])
