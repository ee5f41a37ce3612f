"""One run of a group, gone through step by step, with the moment saved before each of them.

A run before it published the same exports, and since then a type of a column has changed: so there is a
baseline, something to retain and a second generation of a table.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from lakeshot.names import snapshot_name
from tests.cloud.local.account import REGION, wait_for
from tests.cloud.permissions.moment import Moment
from tests.cloud.permissions.native_run import NativeRun
from tests.cloud.permissions.query_run import QueryRun
from tests.cloud.permissions.stage import DATABASE, NAMES, Stage

FIRST, RUN = "first", "second"
LEFT, RIGHT = MEMBERS = ("left", "right")
MOMENT = datetime(2024, 11, 21, 2, tzinfo=UTC)


@dataclass
class Story:
    """The run called ``second``; ``moments`` are named by the step that comes next."""

    stage: Stage
    planned: Mapping[str, Any] = field(default_factory=dict)
    catalogued: dict[str, Mapping[str, str]] = field(default_factory=dict)
    counts: dict[str, str] = field(default_factory=dict)
    job_runs: dict[str, str] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)

    @classmethod
    def told(cls, stage: Stage) -> "Story":
        """Go through the whole run; every role has all its permissions."""
        story = cls(stage)
        story._fill()
        story._start_jobs()
        story._go_through(FIRST, MOMENT - timedelta(days=1))
        story._change_a_type()
        story._go_through(RUN, MOMENT)
        return story

    @property
    def moment_name(self) -> str:
        """The snapshot's name."""
        return snapshot_name(MOMENT)

    @cached_property
    def native(self) -> NativeRun:
        """A run of another export, whose table DynamoDB exports itself."""
        return NativeRun.told(self.stage)

    @cached_property
    def queried(self) -> QueryRun:
        """A run of another export, which reads a database."""
        return QueryRun.told(self.stage)

    def save(self, step: str) -> None:
        """Save the moment before a step."""
        self.moments[step] = self.stage.scene.save()

    def at(self, step: str) -> None:
        """Put everything back to what it was before a step."""
        self.stage.scene.restore(self.moments[step])

    def plan(self, export: str) -> str:
        """The plan of an export's part, by its URI."""
        return str(self.planned["plans"][MEMBERS.index(export)])

    def member(self, export: str) -> Mapping[str, Any]:
        """What the plan step told the states of an export."""
        member: Mapping[str, Any] = self.planned["members"][MEMBERS.index(export)]
        return member

    def one(self, export: str, *, redrive: int = 0, **more: object) -> dict[str, object]:
        """The input of a step that works on one export."""
        return {"plan": self.plan(export), "redrive": redrive, **more}

    def all(self, *, redrive: int = 0) -> dict[str, object]:
        """The input of a step that works on all exports."""
        return {"plans": self.planned["plans"], "redrive": redrive}

    def plan_input(
        self, run: str = RUN, *, started_at: datetime = MOMENT, **options: object
    ) -> dict[str, object]:
        """The input of the plan step."""
        return {
            "payload": {**self.stage.group_payload("pair"), **options},
            "execution_arn": self.stage.execution_arn(run),
            "started_at": started_at.isoformat(),
            "redrive": 0,
        }

    def put_entry(self, export: str, sort: str, **values: str | int) -> None:
        """Write an entry of an export into the run table, whatever was there."""
        item = {"pk": f"export#{export}", "sk": sort, **values}
        serialized = {name: TypeSerializer().serialize(value) for name, value in item.items()}
        self.stage.client("dynamodb").put_item(TableName=NAMES.run_table, Item=serialized)

    def end(self) -> dict[str, object]:
        """The event of the run's failure."""
        return {
            "detail-type": "Step Functions Execution Status Change",
            "detail": {
                "executionArn": self.stage.execution_arn(RUN),
                "status": "FAILED",
                "input": json.dumps(self.stage.group_payload("pair")),
                "error": "CommitError",
                "cause": "ended by a test",
            },
        }

    def arguments(self, export: str, *, run: str = RUN, redrive: int = 0) -> dict[str, str]:
        """The arguments of an export's job run; it goes by the id of one that Glue knows."""
        given = {"run": run, "plan": self.plan(export), "redrive": str(redrive), "region": REGION}
        return {**given, "JOB_RUN_ID": self.job_runs[export]}

    def job(self, export: str) -> str:
        """The name of an export's job and crawler."""
        return f"{NAMES.prefix}-{export}"

    def crawl(self, export: str) -> Mapping[str, Any]:
        """Let the export's crawler run; what Glue says of its crawl."""
        glue, name = self.stage.client("glue"), self.job(export)
        glue.start_crawler(Name=name)
        crawler = wait_for(
            lambda: glue.get_crawler(Name=name)["Crawler"], lambda found: found["State"] == "READY"
        )
        last: Mapping[str, Any] = crawler["LastCrawl"]
        return last

    def count(self, query: str) -> str:
        """Run a query as the state machine does; its id."""
        athena = self.stage.client("athena")
        started = athena.start_query_execution(
            QueryString=query, WorkGroup=NAMES.workgroup, QueryExecutionContext={"Database": DATABASE}
        )["QueryExecutionId"]
        wait_for(
            lambda: athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]["State"],
            lambda state: state == "SUCCEEDED",
            seconds=20,
        )
        return str(started)

    def _fill(self) -> None:
        """Twenty items in each source, spread over several segments."""
        dynamodb = self.stage.client("dynamodb")
        for export in MEMBERS:
            table = self.stage.make_source(export)
            items = [{"Id": {"S": str(number)}, "Stars": {"N": str(number)}} for number in range(20)]
            puts = [{"PutRequest": {"Item": item}} for item in items]
            dynamodb.batch_write_item(RequestItems={table: puts})

    def _start_jobs(self) -> None:
        """Let Glue know a run of each job, which ends at once, as nobody told it what to do."""
        for export in MEMBERS:
            self.job_runs[export] = self.stage.client("glue").start_job_run(JobName=self.job(export))[
                "JobRunId"
            ]

    def _change_a_type(self) -> None:
        item = {"Id": {"S": "0"}, "Stars": {"S": "many"}}
        self.stage.client("dynamodb").put_item(TableName=self.stage.deployed(LEFT).source.name, Item=item)

    def _go_through(self, run: str, started_at: datetime) -> None:
        self.save("plan")
        self.planned = self.stage.step("plan", self.plan_input(run, started_at=started_at))
        self.save("read")
        for export in MEMBERS:
            self.stage.read(export, self.arguments(export, run=run))
        self.save("crawl")
        crawled = self.crawl(LEFT)
        assert crawled["Status"] == "SUCCEEDED", crawled
        self.save("catalog")
        for export in MEMBERS:
            self.catalogued[export] = self.stage.step("catalog", self.one(export))
            self.counts[export] = self.count(self.catalogued[export]["query"])
        self.save("verify_readable")
        for export in MEMBERS:
            self.stage.step("verify_readable", self.one(export, query_execution_id=self.counts[export]))
        for step in ("publish", "retain", "report"):
            self.save(step)
            self.stage.step(step, self.all())
        self.save("end")
