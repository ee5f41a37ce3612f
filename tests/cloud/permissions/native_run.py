"""A run whose table DynamoDB exports itself, gone through up to the job."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from lakeshot.names import split_s3_uri
from tests.cloud.local.account import REGION
from tests.cloud.permissions.moment import Moment
from tests.cloud.permissions.stage import BUCKET, Stage

EXPORT = "raw"
LONGEST_SECONDS = 60
_runs = count(1)


@dataclass
class NativeRun:
    """The run ``run`` of the export ``raw``; ``moments`` are named by the step that comes next."""

    stage: Stage
    run: str = ""
    planned: Mapping[str, Any] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)

    @classmethod
    def told(cls, stage: Stage) -> "NativeRun":
        """Go through it once; every role has all its permissions."""
        story = cls(stage)
        story._fill()
        story.begin()
        story.moments["native_export"] = stage.scene.save()
        story.export()
        story.moments["read"] = stage.scene.save()
        story.read()
        return story

    def at(self, step: str) -> None:
        """Put everything back to what it was before a step."""
        self.stage.scene.restore(self.moments[step])

    def begin(self) -> None:
        """Plan another run; DynamoDB knows a repeated one by its token, and exports nothing anew."""
        self.stage.scene.restore(self.moments.setdefault("plan", self.stage.scene.save()))
        self.run = f"native-{next(_runs)}"
        self.planned = self.stage.step(
            "plan",
            {
                "payload": self.stage.deployed(EXPORT).payload().model_dump(mode="json"),
                "execution_arn": self.stage.execution_arn(self.run),
                "started_at": datetime.now(UTC).isoformat(),
                "redrive": 0,
            },
        )

    @property
    def plan(self) -> str:
        """The plan's URI."""
        return str(self.planned["plans"][0])

    def look(self, *, redrive: int = 0) -> bool:
        """Have the export made, or look how it stands; whether it is done."""
        given = {"plan": self.plan, "redrive": redrive, "waited": 0}
        return bool(self.stage.step("native_export", given)["done"])

    def export(self) -> None:
        """Have the table exported, and wait for it."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while not self.look():
            assert time.monotonic() < deadline, "the export does not end"
            time.sleep(0.2)

    def read(self, *, redrive: int = 0) -> None:
        """Convert what was exported."""
        given = {"run": self.run, "plan": self.plan, "redrive": str(redrive), "region": REGION}
        self.stage.read(EXPORT, {**given, "JOB_RUN_ID": "jr_1"})

    def forget_plan(self) -> None:
        """Remove the plan, as somebody might by hand."""
        _, key = split_s3_uri(self.plan)
        self.stage.client("s3").delete_object(Bucket=BUCKET, Key=key)

    def _fill(self) -> None:
        dynamodb = self.stage.client("dynamodb")
        table = self.stage.make_source(EXPORT)
        recovery = {"PointInTimeRecoveryEnabled": True}
        dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=recovery)
        for number in range(20):
            dynamodb.put_item(TableName=table, Item={"Id": {"S": str(number)}})
        time.sleep(1)  # an export is as of a whole second
