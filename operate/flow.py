"""The steps of a run as people know them, and which states of the state machine they are."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef


class Step(StrEnum):
    """One step of a run, in the order a run takes them."""

    PLAN = "plan"
    NATIVE_EXPORT = "native export"
    READ = "read"
    VERIFY_FILES = "verify files"
    CATALOG = "catalog"
    VERIFY_READABLE = "verify readable"
    PUBLISH = "publish"
    RETAIN = "retain"
    REPORT = "report"


FAILED_STATE = "Failed"
"""The state in which every run ends whose failure was caught."""

BY_MEMBER = (Step.NATIVE_EXPORT, Step.READ, Step.VERIFY_FILES, Step.CATALOG, Step.VERIFY_READABLE)
"""Steps that every export of a group takes for itself; the others are taken by all at once."""

STEP_OF_STATE = {
    "Plan": Step.PLAN,
    "BeginNativeExport": Step.NATIVE_EXPORT,
    "NativeExport": Step.NATIVE_EXPORT,
    "NativeExportDone": Step.NATIVE_EXPORT,
    "WaitForNativeExport": Step.NATIVE_EXPORT,
    "ExportTable": Step.READ,
    "VerifyFiles": Step.VERIFY_FILES,
    "VerifyShare": Step.VERIFY_FILES,
    "ChooseCatalog": Step.CATALOG,
    "StartCrawler": Step.CATALOG,
    "WaitForCrawler": Step.CATALOG,
    "WaitForSlowCrawler": Step.CATALOG,
    "GetCrawler": Step.CATALOG,
    "CrawlerDone": Step.CATALOG,
    "CountPoll": Step.CATALOG,
    "ChooseWait": Step.CATALOG,
    "Catalog": Step.CATALOG,
    "CountRows": Step.VERIFY_READABLE,
    "NothingToCount": Step.VERIFY_READABLE,
    "VerifyReadable": Step.VERIFY_READABLE,
    "Publish": Step.PUBLISH,
    "Retain": Step.RETAIN,
    "Report": Step.REPORT,
}
"""States that only lead on, or out after a failure, are no step: the last one stays in sight."""


def step_of(recorded: str) -> Step | None:
    """The step that a run record names; None for a name that is no step, such as ``done``."""
    return Step(recorded) if recorded in set(Step) else None


def slowest(steps: Iterable[Step]) -> Step:
    """The step that the exports of a group have come to together."""
    return min(steps, key=list(Step).index)


def latest_step(events: "Sequence[HistoryEventTypeDef]") -> Step | None:
    """The step entered last, from a history with its newest event first; None if none of it was."""
    steps = (STEP_OF_STATE[name] for name in _entered(events) if name in STEP_OF_STATE)
    return next(steps, None)


def entered_last(events: "Sequence[HistoryEventTypeDef]") -> str | None:
    """The state entered last, whether it is a step or not; None if none was."""
    return next(_entered(events), None)


def _entered(events: "Sequence[HistoryEventTypeDef]") -> Iterator[str]:
    for event in events:
        if "stateEnteredEventDetails" in event:
            yield event["stateEnteredEventDetails"]["name"]
