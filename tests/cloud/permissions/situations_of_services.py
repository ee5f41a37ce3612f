"""What AWS's own services do under the stage's other roles: state machine, jobs, crawlers and schedules."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from lakeshot.names import snapshot_prefix
from lakeshot.runs.liveness import LIVE_JOB_STATES
from local.faults import Fault
from tests.cloud.local.account import wait_for
from tests.cloud.permissions.proof import NotDoneError, Situation
from tests.cloud.permissions.situations import does
from tests.cloud.permissions.situations_of_ends import leave_upload
from tests.cloud.permissions.stage import BUCKET, DATABASE, NAMES
from tests.cloud.permissions.story import LEFT, MEMBERS, RIGHT, RUN, Story

DELIVERY_SECONDS = 8
"""Longer than a schedule needs that is due in a second."""
_folders = count(1)


def of_state_machine(story: Story) -> list[Situation]:
    """Every state that calls something, alone and without its retries."""
    plans, payload = {"plans": story.planned["plans"]}, story.stage.group_payload("pair")
    left, right = ({"plan": story.plan(export)} for export in MEMBERS)
    failed = {**payload, "Error": "CommitError", "Cause": "ended by a test"}
    functions = {
        "plan": ("plan", "Plan", payload),
        "verify-files": ("crawl", "VerifyShare", {**left, "verifier": 0, "redrive": 0}),
        "catalog": ("catalog", "Catalog", right),
        "verify-readable": (
            "verify_readable",
            "VerifyReadable",
            {**right, "count": {"query_execution_id": story.counts[RIGHT]}},
        ),
        "publish": ("publish", "Publish", plans),
        "retain": ("retain", "Retain", plans),
        "report": ("report", "Report", plans),
        "close": ("plan", "Close", failed),
    }
    reads = {"run": RUN, **left, "job": story.member(LEFT)["job"]}
    counts = {"catalogued": story.catalogued[LEFT]}
    return [
        Situation("count rows", goes(story, "verify_readable", "CountRows", counts)),
        *(
            Situation(f"call {function}", goes(story, *state), about=(f"lambda:* on *-{function}",))
            for function, state in functions.items()
        ),
        Situation(
            "call native-export",
            looks_at_an_export(story),
            about=("lambda:* on *-native-export",),
        ),
        Situation("run a job", runs_a_job(story, reads), about=("glue:*JobRun on *",)),
        Situation(
            "start a crawl",
            goes(story, "crawl", "StartCrawler", {"crawler": story.job(LEFT)}),
            about=("glue:StartCrawler on *",),
        ),
        Situation(
            "watch a crawl",
            goes(story, "crawl", "GetCrawler", {"crawler": story.job(LEFT)}),
            about=("glue:GetCrawler on *",),
        ),
        Situation("stop a job", stops_the_job(story, reads), about=("glue:BatchStop* on *",), silent=True),
        Situation("stop a query", stops_the_query(story, counts), about=("athena:Stop* on *",), silent=True),
    ]


def of_job(story: Story) -> list[Situation]:
    """The script; Glue itself, which fetches it; and the plan step, which sees the source under the role."""

    def reads(redrive: int) -> Callable[[], None]:
        def act() -> None:
            story.at("read")
            leave_upload(story)
            story.stage.read(LEFT, story.arguments(LEFT, redrive=redrive))

        return act

    return [
        Situation("read a table whose type has changed", reads(0)),
        Situation("read after a redrive", reads(1), about=("dynamodb:PutItem on *",)),
        Situation(
            "describe the source",
            does(story, "plan", "plan", story.plan_input()),
            about=("dynamodb:DescribeTable on *",),
        ),
        Situation(
            "fetch the script",
            lambda: fetches_its_code(story, LEFT),
            about=("s3:GetObject on *:cdk-*",),
            silent=True,  # the answer to a HEAD request has no text
        ),
    ]


def of_crawler(story: Story) -> list[Situation]:
    """A crawl that finds a folder no crawl has seen."""

    def crawls(*, first: bool) -> Callable[[], None]:
        def act() -> None:
            story.at("crawl")
            add_folder(story)
            if first:
                table = story.stage.deployed(LEFT).names.table
                story.stage.client("glue").delete_table(DatabaseName=DATABASE, Name=table)
            last = story.crawl(LEFT)
            if last["Status"] != "SUCCEEDED":
                raise PermissionError(last["ErrorMessage"])

        return act

    return [
        Situation("crawl a new folder", crawls(first=False)),
        Situation("crawl for the first time", crawls(first=True), about=("glue:CreateTable on *",)),
    ]


def of_schedule(story: Story) -> list[Situation]:
    """Nobody is told what a schedule could not do."""

    def starts() -> None:
        known = executions(story)
        with schedule_due(story, Input="{}"):
            wait_until(lambda: executions(story) - known, "no execution was started")

    def buries() -> None:
        sqs = story.stage.client("sqs")
        name = f"{NAMES.prefix}-group-pair-schedule-undelivered"
        queue = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        other = machine_arn(story).replace(NAMES.state_machine, "somebody-elses")
        with schedule_due(story, Arn=other):
            wait_until(lambda: receive(sqs, queue), f"no message came into {queue}")

    return [
        Situation("start a run", starts, silent=True),
        Situation("keep what could not be delivered", buries, about=("sqs:* on *",), silent=True),
    ]


def goes(story: Story, moment: str, state: str, given: Mapping[str, object]) -> Callable[[], None]:
    """Run one of the deployed states at a moment; PermissionError with what it was told if it fails."""

    def act() -> None:
        story.at(moment)
        succeeds(story, alone(story, state), given)

    return act


def looks_at_an_export(story: Story) -> Callable[[], None]:
    """Whether it is done does not matter."""

    def act() -> None:
        story.native.at("native_export")
        given = {"plan": story.native.plan, "native_export": {"waited": 0}}
        succeeds(story, alone(story, "NativeExport"), given)

    return act


def runs_a_job(story: Story, given: Mapping[str, object]) -> Callable[[], None]:
    """A job that is started and then lost sight of is ended before the next begins."""
    glue, name = story.stage.client("glue"), story.job(LEFT)
    go = goes(story, "read", "ExportTable", given)

    def alive() -> list[str]:
        runs = glue.get_job_runs(JobName=name)["JobRuns"]
        return [run["Id"] for run in runs if run["JobRunState"] in LIVE_JOB_STATES]

    def act() -> None:
        try:
            go()
        finally:
            if left := alive():
                glue.batch_stop_job_run(JobName=name, JobRunIds=left)
                wait_for(alive, lambda left: not left)

    return act


def stops_the_job(story: Story, given: Mapping[str, object]) -> Callable[[], None]:
    """The execution is stopped while its job is at work, which else would end by itself, but later."""
    glue, name = story.stage.client("glue"), story.job(LEFT)

    def act() -> None:
        story.at("read")
        known = {run["Id"] for run in glue.get_job_runs(JobName=name)["JobRuns"]}

        def found() -> list[Any]:
            runs = glue.get_job_runs(JobName=name)["JobRuns"]
            return [run for run in runs if run["Id"] not in known]

        arn = start(story, alone(story, "ExportTable"), given)
        wait_for(found, bool)
        story.stage.client("stepfunctions").stop_execution(executionArn=arn)
        [ended] = wait_for(found, lambda runs: runs[0]["JobRunState"] not in LIVE_JOB_STATES)
        if ended["JobRunState"] != "STOPPED":
            raise NotDoneError(f"the job should have been STOPPED, it is {ended['JobRunState']}")

    return act


def stops_the_query(story: Story, given: Mapping[str, object]) -> Callable[[], None]:
    """The execution is stopped while its query waits for the files."""
    reading = Fault(
        service="s3", operation="GetObject", role=NAMES.state_machine, about=f"/snapshots_{LEFT}/", nth=None
    )
    athena = story.stage.client("athena")

    def act() -> None:
        story.at("verify_readable")
        with story.stage.faults.planted(reading) as planted:
            arn = start(story, alone(story, "CountRows"), given)
            planted.hit()
            [query] = running_queries(athena)
            story.stage.client("stepfunctions").stop_execution(executionArn=arn)
            try:
                wait_until(lambda: query not in running_queries(athena), f"query {query} was not stopped")
            finally:
                planted.remove()
                wait_for(lambda: running_queries(athena), lambda left: not left)

    return act


def alone(story: Story, name: str) -> str:
    """A state machine of one deployed state, under the deployed role, which says a refusal at once."""
    sfn = story.stage.client("stepfunctions")
    deployed = sfn.describe_state_machine(stateMachineArn=machine_arn(story))
    state = _states(json.loads(deployed["definition"]))[name]
    once = {key: value for key, value in state.items() if key not in ("Retry", "Catch", "Next")}
    made = sfn.create_state_machine(
        name=f"{NAMES.prefix}-only-{name}",
        definition=json.dumps({"StartAt": name, "States": {name: {**once, "End": True}}}),
        roleArn=deployed["roleArn"],
    )
    return str(made["stateMachineArn"])


def _states(definition: Any) -> dict[str, Any]:
    """All states by name, those inside of others too."""
    found: dict[str, Any] = {}
    for name, state in definition["States"].items():
        found[name] = state
        if "ItemProcessor" in state:
            found |= _states(state["ItemProcessor"])
    return found


def succeeds(story: Story, machine: str, given: Mapping[str, object]) -> None:
    """Run an execution to its end; PermissionError with all that its states were told if it fails."""
    arn = start(story, machine, given)
    sfn = story.stage.client("stepfunctions")
    ended = wait_for(lambda: sfn.describe_execution(executionArn=arn), lambda one: one["status"] != "RUNNING")
    if ended["status"] != "SUCCEEDED":
        pages = sfn.get_paginator("get_execution_history").paginate(executionArn=arn)
        events = [event for page in pages for event in page["events"]]
        details = [value for one in events for name, value in one.items() if name.endswith("EventDetails")]
        raise PermissionError("; ".join(dict.fromkeys(one["cause"] for one in details if "cause" in one)))


def running_queries(athena: Any) -> list[str]:
    ids = athena.list_query_executions(WorkGroup=NAMES.workgroup)["QueryExecutionIds"]
    return [
        one["QueryExecutionId"]
        for first in range(0, len(ids), 50)
        for one in athena.batch_get_query_execution(QueryExecutionIds=ids[first : first + 50])[
            "QueryExecutions"
        ]
        if one["Status"]["State"] in ("QUEUED", "RUNNING")
    ]


def fetches_its_code(story: Story, export: str) -> None:
    """The deployed job, whose script ends at once because it is not told what to do."""
    glue, name = story.stage.client("glue"), story.job(export)
    started = glue.start_job_run(JobName=name)["JobRunId"]
    run = wait_for(
        lambda: glue.get_job_run(JobName=name, RunId=started)["JobRun"],
        lambda run: run["JobRunState"] not in ("STARTING", "RUNNING"),
    )
    if "the job run lacks the arguments" not in run["ErrorMessage"]:
        raise PermissionError(run["ErrorMessage"])


def add_folder(story: Story) -> None:
    """Files of the run in a folder of their own."""
    s3, data = story.stage.client("s3"), story.stage.deployed(LEFT).names.data_prefix
    old = snapshot_prefix(data, story.moment_name)
    new = snapshot_prefix(data, f"folder-{next(_folders)}-{time.time_ns()}")
    for found in s3.list_objects_v2(Bucket=BUCKET, Prefix=old)["Contents"]:
        source = {"Bucket": BUCKET, "Key": found["Key"]}
        s3.copy_object(Bucket=BUCKET, Key=found["Key"].replace(old, new), CopySource=source)


@contextmanager
def schedule_due(story: Story, **target: str) -> Iterator[None]:
    """A schedule like the deployed one, due in a second, with a target that differs; then it is removed."""
    scheduler, name = story.stage.client("scheduler"), f"due-{uuid4().hex[:12]}"
    deployed = scheduler.get_schedule(Name=f"{NAMES.prefix}-group-pair")
    at = datetime.now(UTC) + timedelta(seconds=1)
    scheduler.create_schedule(
        Name=name,
        ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow=deployed["FlexibleTimeWindow"],
        Target={**deployed["Target"], **target},
    )
    try:
        yield
    finally:
        scheduler.delete_schedule(Name=name)


def start(story: Story, machine: str, given: Mapping[str, object]) -> str:
    """Start an execution; its ARN."""
    name = f"run-{uuid4().hex[:12]}"
    started = story.stage.client("stepfunctions").start_execution(
        stateMachineArn=machine, name=name, input=json.dumps(given)
    )
    return str(started["executionArn"])


def executions(story: Story) -> set[str]:
    sfn = story.stage.client("stepfunctions")
    listed = sfn.list_executions(stateMachineArn=machine_arn(story))["executions"]
    return {one["executionArn"] for one in listed}


def machine_arn(story: Story) -> str:
    return story.stage.execution_arn("").replace(":execution:", ":stateMachine:").removesuffix(":")


def receive(sqs: Any, queue: str) -> bool:
    """Whether there was a message; it is taken out."""
    found = sqs.receive_message(QueueUrl=queue).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return bool(found)


def wait_until(happened: Callable[[], object], complaint: str) -> None:
    """Wait some seconds; NotDoneError if it does not happen."""
    deadline = time.monotonic() + DELIVERY_SECONDS
    while not happened():
        if time.monotonic() > deadline:
            raise NotDoneError(f"{complaint} within {DELIVERY_SECONDS} seconds")
        time.sleep(0.1)
