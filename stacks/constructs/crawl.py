"""The part of the way a run takes in which a crawler finds the snapshot, or nothing is crawled."""

from lakeshot.steps.messages import Member
from stacks.constructs.asl import State, keep, path, retry, task

FIRST = "ChooseCatalog"
CRAWLER, WAITED = "$.crawler_state", "$.waited"
POLL_SECONDS = 15
MOST_POLLS = 480
"""Two hours of crawling; also far below the 25,000 events an execution's history may hold."""
CALL_SECONDS = 60
TRANSIENT = (
    "Glue.OperationTimeoutException",
    "Glue.ThrottlingException",
    "Glue.InternalServiceException",
    "Glue.SdkClientException",
    "States.Timeout",
)


def states(partition: str, *, then: str) -> State:
    """Crawl if the plan says so, then go to ``then``."""
    crawler = {"Name.$": path(Member, "crawler")}
    return {
        FIRST: {
            "Type": "Choice",
            "Choices": [
                {"Variable": path(Member, "crawls"), "BooleanEquals": True, "Next": "StartCrawler"},
            ],
            "Default": then,
        },
        "StartCrawler": task(
            f"arn:{partition}:states:::aws-sdk:glue:startCrawler",
            crawler,
            timeout_seconds=CALL_SECONDS,
            retries=[
                # A crawl that is under way began before our files were there, so one more has to follow it.
                retry(
                    "Glue.CrawlerRunningException",
                    "Glue.CrawlerStoppingException",
                    seconds=POLL_SECONDS,
                    attempts=MOST_POLLS,
                    rate=1.0,
                ),
                retry(*TRANSIENT),
            ],
            catch=None,
            result=keep(WAITED, {"polls": 0}),
            then="WaitForCrawler",
        ),
        "WaitForCrawler": {"Type": "Wait", "Seconds": POLL_SECONDS, "Next": "GetCrawler"},
        "GetCrawler": task(
            f"arn:{partition}:states:::aws-sdk:glue:getCrawler",
            crawler,
            timeout_seconds=CALL_SECONDS,
            retries=[retry(*TRANSIENT)],
            catch=None,
            result=keep(CRAWLER, {"is.$": "$.Crawler.State"}),
            then="CrawlerDone",
        ),
        "CrawlerDone": {
            "Type": "Choice",
            "Choices": [
                {"Variable": f"{CRAWLER}.is", "StringEquals": "READY", "Next": then},
                {
                    "Variable": f"{WAITED}.polls",
                    "NumericGreaterThanEquals": MOST_POLLS,
                    "Next": "CrawlerTooSlow",
                },
            ],
            "Default": "CountPoll",
        },
        "CountPoll": {
            "Type": "Pass",
            "Parameters": {"polls.$": f"States.MathAdd({WAITED}.polls, 1)"},
            "ResultPath": WAITED,
            "Next": "WaitForCrawler",
        },
        "CrawlerTooSlow": {
            "Type": "Fail",
            "Error": "CatalogError",
            "Cause": f"the crawler did not end within {MOST_POLLS * POLL_SECONDS // 60} minutes; "
            "look at its log, or let the export use catalog: direct, which needs no crawler",
        },
    }
