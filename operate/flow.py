"""The steps of a run as people know them, and which states of the state machine they are."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef


class Step(StrEnum):
    """One step of a run, in the order a run takes them."""

    PLAN = "plan"
    READ = "read"
    VERIFY_FILES = "verify files"
    CATALOG = "catalog"
    VERIFY_READABLE = "verify readable"
    PUBLISH = "publish"
    RETAIN = "retain"
    REPORT = "report"


STEP_OF_STATE = {
    "Plan": Step.PLAN,
    "ExportTable": Step.READ,
    "VerifyFiles": Step.VERIFY_FILES,
    "VerifyShare": Step.VERIFY_FILES,
    "ChooseCatalog": Step.CATALOG,
    "NothingToCrawl": Step.CATALOG,
    "StartCrawler": Step.CATALOG,
    "WaitForCrawler": Step.CATALOG,
    "GetCrawler": Step.CATALOG,
    "CrawlerDone": Step.CATALOG,
    "CountPoll": Step.CATALOG,
    "Catalog": Step.CATALOG,
    "CountRows": Step.VERIFY_READABLE,
    "VerifyReadable": Step.VERIFY_READABLE,
    "Publish": Step.PUBLISH,
    "Retain": Step.RETAIN,
    "Report": Step.REPORT,
}
"""The states after a failure are no step: they leave the one that failed in sight."""


def latest_step(events: "Sequence[HistoryEventTypeDef]") -> Step | None:
    """The step entered last, from a history with its newest event first; None if none of it was."""
    for event in events:
        name = event.get("stateEnteredEventDetails", {}).get("name")
        if name in STEP_OF_STATE:
            return STEP_OF_STATE[name]
    return None
