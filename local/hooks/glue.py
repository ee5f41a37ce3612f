"""Glue's crawlers and the job definitions a runner needs."""

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass

from ministack.core.responses import get_account_id, get_region
from ministack.services import glue
from ministack.services.cloudformation import provisioners

from local.hooks.operations import Call, JsonObject, ServiceError, replace_operation

KEPT_JOB_FIELDS = ("ExecutionProperty", "ExecutionClass", "JobRunQueuingEnabled", "LogUri")


@dataclass(frozen=True)
class Crawl:
    """One start of a crawler; ``crawler`` is its definition as GetCrawler shows it."""

    account: str
    region: str
    crawler: JsonObject

    @property
    def role_arn(self) -> str:
        """The crawler's role; Glue takes its name as well as its ARN."""
        return role_arn(self.account, str(self.crawler["Role"]))


def role_arn(account: str, role: str) -> str:
    """Return the ARN of a role that Glue was given as a name, a path and name, or an ARN."""
    return role if role.startswith("arn:") else f"arn:aws:iam::{account}:role/{role}"


def replace_crawler(crawl: Callable[[Crawl], JsonObject]) -> None:
    """Let ``crawl`` do a crawler's work in a thread of its own, with account and region set.

    What it returns is added to ``LastCrawl`` (``{}`` will do); an exception makes the crawl FAILED with its
    text as ``ErrorMessage``, and StopCrawler meanwhile makes it CANCELLED.
    """

    def start(call: Call) -> JsonObject:
        name = str(call.request["Name"])
        crawler = glue._crawlers.get(name)
        if crawler is None:
            raise ServiceError("EntityNotFoundException", f"Crawler with name {name} does not exist")
        if crawler["State"] != "READY":
            raise ServiceError("CrawlerRunningException", f"Crawler with name {name} has already started")
        crawler["State"] = "RUNNING"
        threading.Thread(target=copy_context().run, args=(run, crawler), daemon=True).start()
        return {}

    def run(crawler: dict[str, object]) -> None:
        started = time.time()
        last: JsonObject = {"Status": "SUCCEEDED", "LogGroup": "/aws-glue/crawlers"}
        last["LogStream"] = crawler["Name"]
        try:
            last |= crawl(Crawl(get_account_id(), get_region(), dict(crawler)))
        except Exception as error:  # noqa: BLE001 - a crawl's failure is told in LastCrawl, as on AWS
            last |= {"Status": "FAILED", "ErrorMessage": str(error)}
        if crawler["State"] != "RUNNING":
            last["Status"] = "CANCELLED"
        crawler["LastCrawl"] = last | {"StartTime": started}
        crawler["CrawlElapsedTime"] = int((time.time() - started) * 1000)
        crawler["State"] = "READY"

    replace_operation("glue", "StartCrawler", start)


def job_definition(name: str) -> JsonObject | None:
    """Return the job as GetJob shows it, in the running request's account and region; None without one."""
    job: JsonObject | None = glue._jobs.get(name)
    return job


def keep_job_fields() -> None:
    """Let CreateJob, UpdateJob and CloudFormation keep the fields that ministack drops."""
    provisioners._GLUE_JOB_DEFAULTS.update(dict.fromkeys(KEPT_JOB_FIELDS))
    create, update = glue._create_job, glue._update_job

    def keep(name: str, given: JsonObject) -> None:
        if name in glue._jobs:
            glue._jobs[name].update({field: given[field] for field in KEPT_JOB_FIELDS if field in given})

    def create_job(data: JsonObject) -> object:
        response = create(data)
        keep(str(data.get("Name")), data)
        return response

    def update_job(data: JsonObject) -> object:
        response = update(data)
        changes = data.get("JobUpdate")
        keep(str(data.get("JobName")), changes if isinstance(changes, dict) else {})
        return response

    glue._create_job, glue._update_job = create_job, update_job
