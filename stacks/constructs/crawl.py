"""The part of the way a run takes in which a crawler finds the snapshot, or nothing is crawled."""

from lakeshot.steps.messages import Member
from stacks.constructs.asl import State, keep, path, retry, task, wait_for

FIRST = "ChooseCatalog"
CRAWLER, WAITED = "$.crawler_state", "$.waited"
POLL_SECONDS, SLOW_POLL_SECONDS = 15, 180
QUICK_POLLS, MOST_POLLS = 12, 51
"""Three minutes of quick polls, then two hours of slow ones. A poll takes up to 11 of the 25,000 events that
an execution's history may hold, and a group's members all write into one."""
CRAWL_MINUTES = (QUICK_POLLS * POLL_SECONDS + (MOST_POLLS - QUICK_POLLS) * SLOW_POLL_SECONDS) // 60
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
                wait_for(
                    "Glue.CrawlerRunningException",
                    "Glue.CrawlerStoppingException",
                    seconds=POLL_SECONDS,
                    longest_seconds=SLOW_POLL_SECONDS,
                    attempts=MOST_POLLS,
                ),
                retry(*TRANSIENT),
            ],
            catch=None,
            result=keep(WAITED, {"polls": 0}),
            then="WaitForCrawler",
        ),
        "WaitForCrawler": {"Type": "Wait", "Seconds": POLL_SECONDS, "Next": "GetCrawler"},
        "WaitForSlowCrawler": {"Type": "Wait", "Seconds": SLOW_POLL_SECONDS, "Next": "GetCrawler"},
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
            "Next": "ChooseWait",
        },
        "ChooseWait": {
            "Type": "Choice",
            "Choices": [
                {
                    "Variable": f"{WAITED}.polls",
                    "NumericLessThan": QUICK_POLLS,
                    "Next": "WaitForCrawler",
                }
            ],
            "Default": "WaitForSlowCrawler",
        },
        "CrawlerTooSlow": {
            "Type": "Fail",
            "Error": "CatalogError",
            "Cause": f"the crawler did not end within {CRAWL_MINUTES} minutes; "
            "look at its log, or let the export use catalog: direct, which needs no crawler",
        },
    }
