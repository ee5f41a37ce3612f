"""Glue's crawlers and the job definitions a runner needs."""

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass

from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    get_account_id,
    get_region,
)
from ministack.services import glue
from ministack.services.cloudformation import provisioners

from local.hooks.operations import Call, JsonObject, ServiceError, replace_operation

STOPPING_SECONDS = 0.2
ONLY_LOG = (
    'The SchemaChangePolicy for "Crawl new folders only" Amazon S3 target can have only LOG DeleteBehavior '
    "value and LOG UpdateBehavior value."
)
KEPT_JOB_FIELDS = ("ExecutionProperty", "ExecutionClass", "JobRunQueuingEnabled", "LogUri")


@dataclass(frozen=True)
class Crawl:
    """One start of a crawler; ``crawler`` is its definition as GetCrawler shows it.

    ``is_stopped`` turns true with StopCrawler; the crawl should then return soon.
    """

    account: str
    region: str
    crawler: JsonObject
    is_stopped: Callable[[], bool] = lambda: False

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
    text as ``ErrorMessage``, and StopCrawler meanwhile makes it CANCELLED. A crawler is STOPPING from
    StopCrawler or the end of the crawl until all is written, and READY then.
    https://docs.aws.amazon.com/glue/latest/webapi/API_StopCrawler.html
    """

    def start(call: Call) -> JsonObject:
        crawler = _crawler(call)
        if crawler["State"] != "READY":
            name = crawler["Name"]
            raise ServiceError("CrawlerRunningException", f"Crawler with name {name} has already started")
        crawler["State"] = "RUNNING"
        stopped = _stops[str(crawler["Name"])] = threading.Event()
        threading.Thread(target=copy_context().run, args=(run, crawler, stopped), daemon=True).start()
        return {}

    def stop(call: Call) -> JsonObject:
        crawler = _crawler(call)
        name, state = str(crawler["Name"]), crawler["State"]
        if state == "STOPPING":
            raise ServiceError("CrawlerStoppingException", f"Crawler with name {name} is stopping")
        if state != "RUNNING":
            raise ServiceError("CrawlerNotRunningException", f"Crawler with name {name} isn't running")
        crawler["State"] = "STOPPING"
        _stops[name].set()
        return {}

    def run(crawler: dict[str, object], stopped: threading.Event) -> None:
        started = time.time()
        last: JsonObject = {"Status": "SUCCEEDED", "LogGroup": "/aws-glue/crawlers"}
        last["LogStream"] = crawler["Name"]
        try:
            last |= crawl(Crawl(get_account_id(), get_region(), dict(crawler), stopped.is_set))
        except Exception as error:  # noqa: BLE001 - a crawl's failure is told in LastCrawl, as on AWS
            last |= {"Status": "FAILED", "ErrorMessage": str(error)}
        crawler["State"] = "STOPPING"
        time.sleep(STOPPING_SECONDS)
        if stopped.is_set():
            last["Status"] = "CANCELLED"
        crawler["LastCrawl"] = last | {"StartTime": started}
        crawler["CrawlElapsedTime"] = int((time.time() - started) * 1000)
        crawler["State"] = "READY"

    replace_operation("glue", "StartCrawler", start)
    replace_operation("glue", "StopCrawler", stop)
    _follow_recrawl_rules()
    _leave_out_the_last_crawl_before_there_is_one()


_stops: AccountRegionScopedDict = AccountRegionScopedDict()
"""What StopCrawler sets, by crawler."""


def _crawler(call: Call) -> dict[str, object]:
    name = str(call.request["Name"])
    crawler: dict[str, object] | None = glue._crawlers.get(name)
    if crawler is None:
        raise ServiceError("EntityNotFoundException", f"Crawler with name {name} does not exist")
    return crawler


def _follow_recrawl_rules() -> None:
    """Refuse a crawler of new folders only that would update or delete anything."""

    def checked(answer: Callable[[JsonObject], object]) -> Callable[[JsonObject], object]:
        def check(data: JsonObject) -> object:
            settings = {**(glue._crawlers.get(data.get("Name")) or {}), **data}
            recrawl, policy = settings.get("RecrawlPolicy") or {}, settings.get("SchemaChangePolicy") or {}
            only_new = recrawl.get("RecrawlBehavior") == "CRAWL_NEW_FOLDERS_ONLY"
            behaviors = {policy.get("UpdateBehavior"), policy.get("DeleteBehavior")}
            if only_new and behaviors != {"LOG"}:
                return error_response_json("InvalidInputException", ONLY_LOG, 400)
            return answer(data)

        return check

    glue._create_crawler = checked(glue._create_crawler)
    glue._update_crawler = checked(glue._update_crawler)


def _leave_out_the_last_crawl_before_there_is_one() -> None:
    create = glue._create_crawler

    def create_crawler(data: JsonObject) -> object:
        response = create(data)
        crawler = glue._crawlers.get(data.get("Name"), {})
        if crawler.get("LastCrawl", "") is None:
            del crawler["LastCrawl"]
        return response

    glue._create_crawler = create_crawler


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
