"""The deployed pipeline as its user meets it: tables filled, payloads started, views queried."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import awswrangler as wr

from lakeshot.config.deployed import Deployed
from lakeshot.names import StageNames
from lakeshot.runs.lock import Holder, Lock
from lakeshot.runs.records import RunRecord, RunTable
from tests.cloud.local.account import REGION, Account, wait_for

ACCOUNT_ID = "000000000000"
NAMES = StageNames(stage="test")
DATABASE = "pipeline"
BUCKET = NAMES.bucket(ACCOUNT_ID, REGION)


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    run: str
    status: str
    error: str
    cause: str


@dataclass
class Pipeline:
    """One deployment in one account."""

    account: Account
    notices: Callable[[], list[str]] = field(default=list)

    def client(self, service: str) -> Any:
        return self.account.client(service)

    def make_table(self, name: str, items: Iterable[Mapping[str, Any]] = (), *, read_units: int = 0) -> None:
        """A table keyed by the string attribute Id; on demand unless it gets read units."""
        throughput: dict[str, Any] = {"BillingMode": "PAY_PER_REQUEST"}
        if read_units:
            throughput = {
                "ProvisionedThroughput": {"ReadCapacityUnits": read_units, "WriteCapacityUnits": 1000}
            }
        dynamodb = self.client("dynamodb")
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
            **throughput,
        )
        batch: list[dict[str, Any]] = []
        for item in items:
            batch.append({"PutRequest": {"Item": item}})
            if len(batch) == 25:
                dynamodb.batch_write_item(RequestItems={name: batch})
                batch = []
        if batch:
            dynamodb.batch_write_item(RequestItems={name: batch})

    def deployed(self, export: str) -> Deployed:
        parameter = self.client("ssm").get_parameter(Name=NAMES.parameter(export))
        return Deployed.model_validate_json(parameter["Parameter"]["Value"])

    def start(self, export: str, **changes: object) -> str:
        """Start a run with the deployed payload, changed by ``changes``; returns the run's id."""
        payload = {**self.deployed(export).payload().model_dump(mode="json"), **changes}
        return self.start_with(payload)

    def start_with(self, payload: object) -> str:
        run = f"run-{uuid4().hex[:12]}"
        self.client("stepfunctions").start_execution(
            stateMachineArn=f"arn:aws:states:{REGION}:{ACCOUNT_ID}:stateMachine:{NAMES.state_machine}",
            name=run,
            input=json.dumps(payload),
        )
        return run

    def arn(self, run: str) -> str:
        return f"arn:aws:states:{REGION}:{ACCOUNT_ID}:execution:{NAMES.state_machine}:{run}"

    def end(self, run: str) -> Ended:
        """Wait until a run's execution has ended."""
        sfn = self.client("stepfunctions")
        found = wait_for(
            lambda: sfn.describe_execution(executionArn=self.arn(run)),
            lambda e: e["status"] != "RUNNING",
            seconds=300,
        )
        return Ended(run, found["status"], found.get("error", ""), found.get("cause", ""))

    def run(self, export: str, **changes: object) -> Ended:
        return self.end(self.start(export, **changes))

    def succeed(self, export: str, **changes: object) -> str:
        """Run an export that has to succeed; returns the run's id."""
        ended = self.run(export, **changes)
        assert ended.status == "SUCCEEDED", f"{ended.error}: {ended.cause}"
        return ended.run

    def stop(self, run: str, cause: str) -> None:
        self.client("stepfunctions").stop_execution(executionArn=self.arn(run), error="Stopped", cause=cause)

    def record(self, export: str, run: str) -> RunRecord:
        """The record of a run, waited for: the plan step writes it."""
        runs = RunTable(self.client("dynamodb"), NAMES.run_table)
        found = wait_for(lambda: runs.get(export, run), lambda record: record is not None)
        assert found is not None
        return found

    def holder(self, export: str) -> Holder | None:
        return Lock(self.client("dynamodb"), table=NAMES.run_table, export=export).holder()

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query, as somebody's program reads them."""
        frame = wr.athena.read_sql_query(
            sql,
            database=DATABASE,
            workgroup=NAMES.workgroup,
            ctas_approach=False,
            boto3_session=self.account.session,
        )
        return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]

    def number(self, sql: str) -> int:
        [row] = self.rows(sql)
        [value] = row.values()
        return int(value)

    def objects(self, export: str) -> list[str]:
        """Keys of all data files of an export."""
        prefix = self.deployed(export).names.data_prefix
        listed = self.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [found["Key"] for found in listed.get("Contents", [])]

    def uploads(self, export: str) -> list[str]:
        """Keys of multipart uploads below an export's prefix that nobody completed or aborted."""
        prefix = self.deployed(export).names.data_prefix
        listed = self.client("s3").list_multipart_uploads(Bucket=BUCKET, Prefix=prefix)
        return [found["Key"] for found in listed.get("Uploads", [])]

    def partitions(self, export: str) -> list[str]:
        glue = self.client("glue")
        try:
            found = glue.get_partitions(DatabaseName=DATABASE, TableName=self.deployed(export).names.table)
        except glue.exceptions.EntityNotFoundException:
            return []
        return [partition["Values"][0] for partition in found["Partitions"]]

    def notice(self, run: str) -> str:
        """The notice about a run, waited for."""
        found = wait_for(lambda: [text for text in self.notices() if run in text], bool)
        return found[0]
