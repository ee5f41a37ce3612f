"""Roles of clusters and instances are told where ministack tells none."""

import asyncio
import re
import time

import pytest
from ministack import app

from local.hooks import database_roles
from local.hooks.database_roles import supply_database_roles
from tests.unit.local.hooks.calls import make_role

HEADERS = {
    "authorization": "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/rds/aws4_request",
    "content-type": "application/x-www-form-urlencoded",
}


def ask(action: str, **form: str) -> tuple[int, str]:
    body = "&".join(f"{name}={value}" for name, value in {"Action": action, **form}.items()).encode()
    status, _, answer = asyncio.run(app.SERVICE_HANDLERS["rds"]("POST", "/", HEADERS, body, {}))
    return status, answer.decode()


@pytest.mark.parametrize("noun", ["DBCluster", "DBInstance"])
def test_a_role_is_told_until_it_is_removed(noun: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """First as pending, then as what the database can act as."""
    monkeypatch.setattr(database_roles, "PENDING_SECONDS", 0.05)
    supply_database_roles()
    role = make_role("exporter", "rds.amazonaws.com")
    ask(f"Create{noun}", **{f"{noun}Identifier": "shop", "Engine": "postgres", "DBInstanceClass": "db.t3"})
    given = {f"{noun}Identifier": "shop", "RoleArn": role, "FeatureName": "s3Export"}
    assert ask(f"AddRoleTo{noun}", **given)[0] == 200

    def told() -> list[tuple[str, ...]]:
        status, answer = ask(f"Describe{noun}s")
        assert status == 200
        pattern = (
            rf"<{noun}Role><RoleArn>(.+?)</RoleArn><FeatureName>(.+?)</FeatureName><Status>(.+?)</Status>"
        )
        return re.findall(pattern, answer)

    assert told() == [(role, "s3Export", "PENDING")]
    time.sleep(0.1)
    assert told() == [(role, "s3Export", "ACTIVE")]
    assert ask(f"RemoveRoleFrom{noun}", **given)[0] == 200
    assert told() == []
    status, answer = ask(f"RemoveRoleFrom{noun}", **given)
    assert (status, f"<Code>{noun}RoleNotFound</Code>" in answer) == (404, True)
