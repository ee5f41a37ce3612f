"""What ``close`` and ``view`` are there for: the end of a run wherever it ended, and views as resources."""

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from lakeshot.names import run_token, snapshot_prefix
from local.faults import Fault, Refusal
from tests.cloud.local.account import wait_for
from tests.cloud.permissions.proof import NotDoneError, Situation
from tests.cloud.permissions.situations import does
from tests.cloud.permissions.stage import BUCKET, DATABASE, NAMES
from tests.cloud.permissions.story import LEFT, RIGHT, RUN, Story

RETRIES_SECONDS = 60
"""Longer than both retries of an asynchronous invocation, each in a new process, take on a busy machine."""


def of_close(story: Story) -> list[Situation]:
    """Wherever a run ended."""
    end = story.end()
    return [
        Situation(
            "remove what a run left", does(story, "publish", "close", end, lambda: leave_upload(story))
        ),
        Situation(
            "put back the views that a run was moving, one of which somebody removed",
            closes_while_publishing(story),
            about=("glue:CreateTable on *", "glue:GetTable on *", "glue:UpdateTable on *"),
        ),
        Situation(
            "stop a crawl",
            closes_while_crawling(story),
            about=("glue:StopCrawler on *", "glue:GetCrawler on *"),
        ),
        Situation("stop a job", closes_while_reading(story), about=("glue:BatchStopJobRun on *",)),
        Situation(
            "record the end of a run that was never planned",
            does(story, "plan", "close", end),
            about=("dynamodb:PutItem on *",),
        ),
        Situation(
            "keep what could not be closed after all retries",
            fails_for_good(story),
            about=("sqs:SendMessage on *",),
            silent=True,
        ),
    ]


def of_view(story: Story) -> list[Situation]:
    """What CloudFormation asks for, which is told the outcome at an address of its own."""

    def asks(request: str, moment: str, **properties: str) -> Callable[[], None]:
        def act() -> None:
            story.at(moment)
            answer_to(story, request, properties)

        return act

    def asks_without_view() -> None:
        story.at("end")
        story.stage.client("glue").delete_table(DatabaseName=DATABASE, Name=LEFT)
        answer_to(story, "Create", {"Export": LEFT})

    return [
        Situation("make the view of a published export", asks("Create", "end", Export=LEFT)),
        Situation("make it though it is gone", asks_without_view, about=("glue:CreateTable on *",)),
        Situation("make the view of a group", asks("Create", "end", Group="pair"), about=("ssm:* on *",)),
        Situation("remove the view of an export", asks("Delete", "end", Export=LEFT)),
    ]


def leave_upload(story: Story) -> None:
    """A multipart upload that the run began and nobody completed."""
    prefix = snapshot_prefix(story.stage.deployed(LEFT).names.data_prefix, story.moment_name)
    key = f"{prefix}part-0-{run_token(RUN)}-9.parquet"
    story.stage.client("s3").create_multipart_upload(Bucket=BUCKET, Key=key)


def closes_while_publishing(story: Story) -> Callable[[], None]:
    """Publishing fails after the views were moved, and cannot even take back what it announced."""
    settling = Fault(
        service="dynamodb",
        operation="TransactWriteItems",
        role=NAMES.function("publish"),
        about="REMOVE #next",
        nth=None,
        refusal=Refusal(code="ValidationException"),
    )

    def interrupt() -> None:
        story.at("publish")
        with story.stage.faults.planted(settling):
            try:
                story.stage.step("publish", story.all())
            except ClientError:
                pass
            else:
                raise AssertionError("publishing should have been interrupted")
        story.stage.client("glue").delete_table(DatabaseName=DATABASE, Name=RIGHT)
        story.save("interrupted")

    def act() -> None:
        if "interrupted" not in story.moments:
            interrupt()
        story.at("interrupted")
        story.stage.step("close", story.end())

    return act


def closes_while_crawling(story: Story) -> Callable[[], None]:
    """A crawl that lasts until it is stopped."""
    glue, name = story.stage.client("glue"), story.job(LEFT)
    crawling = Fault(service="glue", operation="GetDatabase", role=f"{name}-crawler", nth=None)

    def state() -> str:
        return str(glue.get_crawler(Name=name)["Crawler"]["State"])

    def act() -> None:
        story.at("crawl")
        with story.stage.faults.planted(crawling) as planted:
            glue.start_crawler(Name=name)
            planted.hit()
            with ThreadPoolExecutor(1) as pool:
                closed = pool.submit(story.stage.step, "close", story.end())
                wait_for(lambda: closed.done() or state() != "RUNNING", bool)
                planted.remove()
                try:
                    closed.result()
                finally:
                    wait_for(state, lambda now: now == "READY")

    return act


def closes_while_reading(story: Story) -> Callable[[], None]:
    """A job run that lives until it is stopped; it would end by itself, but later."""

    def act() -> None:
        story.at("read")
        started = story.stage.client("glue").start_job_run(
            JobName=story.job(LEFT), Arguments={"--run": RUN, "--plan": story.plan(LEFT)}
        )["JobRunId"]
        story.stage.step("close", story.end())
        run = story.stage.client("glue").get_job_run(JobName=story.job(LEFT), RunId=started)["JobRun"]
        if run["JobRunState"] != "STOPPED":
            raise NotDoneError(f"the job run should have been STOPPED, it is {run['JobRunState']}")

    return act


def fails_for_good(story: Story) -> Callable[[], None]:
    """The deployed function gets an event that it can never understand, and fails each time."""
    sqs = story.stage.client("sqs")
    queue = sqs.get_queue_url(QueueName=f"{NAMES.prefix}-close-undelivered")["QueueUrl"]

    def act() -> None:
        story.stage.client("lambda").invoke(
            FunctionName=NAMES.function("close"), InvocationType="Event", Payload=json.dumps({"never": "any"})
        )
        deadline = time.monotonic() + RETRIES_SECONDS
        while time.monotonic() < deadline:
            found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])
            for message in found:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            if found:
                return
        raise NotDoneError(f"no message came into {queue} within {RETRIES_SECONDS} seconds")

    return act


def answer_to(story: Story, request: str, properties: Mapping[str, str], *, step: str = "view") -> None:
    """Send CloudFormation's request to a function; PermissionError with its words if it answers FAILED."""
    s3, key = story.stage.client("s3"), "runs/answer"
    url = s3.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": key})
    event = {
        "RequestType": request,
        "ResponseURL": url,
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Resource",
        "ResourceProperties": {"ServiceToken": "token", **properties},
    }
    story.stage.step(step, event)
    told = json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    if told["Status"] != "SUCCESS":
        raise PermissionError(told["Reason"])
