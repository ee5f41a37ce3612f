"""The deployed pipeline as its user meets it: tables filled, payloads started, views queried."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import awswrangler as wr

from lakeshot.commit.manifest import Manifest
from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.names import STAGED_VIEW, StageNames
from lakeshot.runs.keys import export_key, group_key
from lakeshot.runs.lock import Holder, Lock
from lakeshot.runs.pointers import Pointer, Pointers
from lakeshot.runs.records import RunRecord, RunState, RunTable
from lakeshot.runs.snapshots import Snapshots
from lakeshot.stored import load
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

    def deployed_group(self, group: str) -> DeployedGroup:
        parameter = self.client("ssm").get_parameter(Name=NAMES.group_parameter(group))
        return DeployedGroup.model_validate_json(parameter["Parameter"]["Value"])

    def group_payload(self, group: str) -> dict[str, Any]:
        """The payload that runs a group as deployed, to be changed by a test."""
        deployed = self.deployed_group(group)
        payload = deployed.payload([self.deployed(export) for export in deployed.exports])
        return payload.model_dump(mode="json", exclude_defaults=True)

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

    def end(self, run: str, *, seconds: float = 300) -> Ended:
        """Wait until a run's execution has ended."""
        sfn = self.client("stepfunctions")
        found = wait_for(
            lambda: sfn.describe_execution(executionArn=self.arn(run)),
            lambda e: e["status"] != "RUNNING",
            seconds=seconds,
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

    def abort(self, export: str, run: str) -> None:
        """Stop a run of an export and wait until it is closed."""
        self.stop(run, "stopped by a test")
        wait_for(lambda: self.record(export, run), lambda record: record.state == RunState.ABORTED)
        wait_for(lambda: self.holder(export), lambda holder: holder is None or holder.run != run)

    def redrive(self, run: str) -> None:
        self.client("stepfunctions").redrive_execution(executionArn=self.arn(run))

    def states(self, run: str) -> list[str]:
        """The states that an execution has entered, in order."""
        pages = self.client("stepfunctions").get_paginator("get_execution_history")
        return [
            event["stateEnteredEventDetails"]["name"]
            for page in pages.paginate(executionArn=self.arn(run))
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]

    @contextmanager
    def denied(self, role: str, action: str, resource: str = "*") -> Iterator[None]:
        """Take a permission from a role of the stage."""
        iam, name = self.client("iam"), f"{NAMES.prefix}-{role}"
        statement = {"Effect": "Deny", "Action": action, "Resource": resource}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="denied", PolicyDocument=policy)
        try:
            yield
        finally:
            iam.delete_role_policy(RoleName=name, PolicyName="denied")

    @contextmanager
    def held_before(self, step: str) -> Iterator[None]:
        """Keep executions out of a step's function: the state tries again, for some seconds at least."""
        function = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{NAMES.function(step)}"
        with self.denied("export", "lambda:InvokeFunction", function):
            yield

    def record(self, export: str, run: str) -> RunRecord:
        """The record of a run, waited for: the plan step writes it."""
        runs = RunTable(self.client("dynamodb"), NAMES.run_table)
        found = wait_for(lambda: runs.get(export, run), lambda record: record is not None)
        assert found is not None
        return found

    def holder(self, export: str) -> Holder | None:
        return self.lock(export).holder()

    def lock(self, export: str) -> Lock:
        return Lock(self.client("dynamodb"), table=NAMES.run_table, partition=export_key(export))

    def group_lock(self, group: str) -> Lock:
        return Lock(self.client("dynamodb"), table=NAMES.run_table, partition=group_key(group))

    def group_record(self, group: str, run: str) -> RunRecord:
        """The record of a group's run, waited for."""
        runs = RunTable.of_groups(self.client("dynamodb"), NAMES.run_table)
        found = wait_for(lambda: runs.get(group, run), lambda record: record is not None)
        assert found is not None
        return found

    def snapshots(self, export: str) -> Snapshots:
        return Snapshots(self.client("dynamodb"), table=NAMES.run_table, export=export)

    def pointer(self, export: str) -> Pointer:
        return Pointers(self.client("dynamodb"), table=NAMES.run_table).of(export)

    def manifest(self, export: str, snapshot: str) -> Manifest:
        """The manifest of a snapshot that is retained."""
        entry = self.snapshots(export).get(snapshot)
        assert entry is not None
        return load(self.client("s3"), str(entry.manifest), Manifest)

    def assert_settled(self, export: str, *, shown: str | None, kept: Sequence[str]) -> None:
        """The invariants of an export that no run is at work on.

        Its view shows the snapshot ``shown``, or no rows; the snapshots ``kept`` are whole and queryable,
        and of any other there is nothing.
        """
        assert self.holder(export) is None
        assert self.pointer(export) == Pointer(snapshot=shown)
        view = self.deployed(export).names.view
        rows = self.rows(f'SELECT DISTINCT snapshot_timestamp AS snapshot FROM "{view}"')
        assert [row["snapshot"] for row in rows] == ([shown] if shown else [])
        tables = self.client("glue").get_paginator("get_tables").paginate(DatabaseName=DATABASE)
        names = [table["Name"] for page in tables for table in page["TableList"]]
        assert [name for name in names if name.startswith(f"{STAGED_VIEW}{view}_")] == []
        entries = self.snapshots(export).all()
        assert {entry.snapshot: entry.state for entry in entries} == dict.fromkeys(kept, "verified")
        placed = []
        for name in (self.deployed(export).names.table_of(generation) for generation in range(1, 10)):
            if name in names:
                found = self.rows(f'SELECT snapshot_timestamp AS s, count(*) AS n FROM "{name}" GROUP BY 1')
                placed += [(row["s"], row["n"]) for row in found]
        manifests = [self.manifest(export, snapshot) for snapshot in kept]
        assert sorted(placed) == sorted((one.snapshot, one.rows) for one in manifests if one.rows)
        assert sorted(self.objects(export)) == sorted(file.key for one in manifests for file in one.files)
        assert self.uploads(export) == []

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
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

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
