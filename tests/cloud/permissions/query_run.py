"""A run of an export that reads a database, gone through up to the job."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.glue.reachable import let_subnets_reach
from local.postgres.server import PostgresServer
from tests.cloud.local.account import REGION, Account
from tests.cloud.permissions.moment import Moment
from tests.cloud.permissions.stage import Stage

EXPORT, RUN = "rows", "queried"


@dataclass
class QueryRun:
    """The run ``queried`` of the export ``rows``; ``moments`` are named by the step that comes next."""

    stage: Stage
    planned: Mapping[str, Any] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)

    @classmethod
    def told(cls, stage: Stage) -> "QueryRun":
        """Go through it once; every role has all its permissions."""
        story = cls(stage)
        story.planned = stage.step(
            "plan",
            {
                "payload": stage.deployed(EXPORT).payload().model_dump(mode="json"),
                "execution_arn": stage.execution_arn(RUN),
                "started_at": datetime.now(UTC).isoformat(),
                "redrive": 0,
            },
        )
        story.moments["read"] = stage.scene.save()
        story.read()
        return story

    def at(self, step: str) -> None:
        """Put everything back to what it was before a step."""
        self.stage.scene.restore(self.moments[step])

    def read(self) -> None:
        """Read the table."""
        given = {"run": RUN, "plan": str(self.planned["plans"][0]), "redrive": "0", "region": REGION}
        self.stage.read(EXPORT, {**given, "JOB_RUN_ID": "jr_1"})


def fill_database(server: PostgresServer, account: Account) -> None:
    """Make the database of the connection, its login and the secret of it, and let subnets reach it."""
    password = "only for this test"
    database = server.create_database("permissions")
    database.execute(
        "CREATE TABLE article AS SELECT id, 'title ' || id AS title FROM generate_series(1, 50) id"
    )
    database.create_reader("permissions", password)
    login = json.dumps({"username": "permissions", "password": password})
    account.client("secretsmanager").create_secret(Name="allowed/shop", SecretString=login)
    let_subnets_reach(account.instance.settings.directory / "tmp", f"{server.host}:{server.port}")
