"""Stopping what an ended run may still have at work, so that none of it writes any more."""

import time
from typing import TYPE_CHECKING

from lakeshot.errors import RunClosingError
from lakeshot.runs.liveness import Liveness

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient

_POLLS, _POLL_SECONDS = 60, 2.0
_WAITED = f"{_POLLS * _POLL_SECONDS / 60:g} minutes"


def stop_job(liveness: Liveness, job: str, run: str) -> None:
    """Stop the run's Glue job runs and wait until they are over; RunClosingError if they do not stop."""
    for _ in range(_POLLS):
        alive = list(liveness.live_job_runs(job, run))
        if not alive:
            return
        liveness.glue.batch_stop_job_run(JobName=job, JobRunIds=alive)
        time.sleep(_POLL_SECONDS)
    raise RunClosingError(
        f"run {run!r} cannot be closed yet: the Glue job {job} was told to stop and still runs after "
        f"{_WAITED} ({', '.join(alive)}); nothing was removed. Stop it in the Glue console; closing is tried "
        "again by itself, or by the next run"
    )


def stop_crawler(glue: "GlueClient", crawler: str) -> None:
    """Stop a crawl and wait until it is over; RunClosingError if it does not stop. No crawler is no error."""
    for _ in range(_POLLS):
        try:
            state = glue.get_crawler(Name=crawler)["Crawler"]["State"]
            if state == "READY":
                return
            if state == "RUNNING":
                glue.stop_crawler(Name=crawler)
        except glue.exceptions.EntityNotFoundException:
            return
        except (glue.exceptions.CrawlerNotRunningException, glue.exceptions.CrawlerStoppingException):
            pass
        time.sleep(_POLL_SECONDS)
    raise RunClosingError(
        f"the crawler {crawler} was told to stop and still crawls after {_WAITED}, so the run that started "
        "it cannot be closed yet; nothing was removed. Stop it in the Glue console; closing is tried again "
        "by itself, or by the next run"
    )
