"""The states of the state machine are shown as the steps people know."""

from typing import TYPE_CHECKING, Any

import pytest

from operate.flow import STEP_OF_STATE, Step, latest_step
from stacks.constructs.flow import Invoked, definition

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

FUNCTIONS = ("plan", "verify_files", "catalog", "verify_readable", "publish", "retain", "report", "close")
WAY_OUT = frozenset({"CrawlerTooSlow", "Close", "Failed"})


def entered(*names: str) -> "list[HistoryEventTypeDef]":
    """A history with its newest event first."""
    events: list[Any] = [
        {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": name}} for name in names
    ]
    return [*events, {"type": "ExecutionStarted"}]


@pytest.mark.parametrize(
    ("history", "step"),
    [
        (entered("ExportTable", "Plan"), Step.READ),
        (entered("VerifyShare", "VerifyFiles", "ExportTable", "Plan"), Step.VERIFY_FILES),
        (entered("WaitForCrawler", "GetCrawler", "StartCrawler"), Step.CATALOG),
        (entered("Failed", "Close", "CountRows", "Catalog"), Step.VERIFY_READABLE),
        (entered(), None),
    ],
)
def test_the_step_is_the_latest_state_that_belongs_to_one(
    history: "list[HistoryEventTypeDef]", step: Step | None
) -> None:
    """Polling and the way out after a failure do not hide which step a run is, or was, in."""
    assert latest_step(history) is step


def test_every_state_of_the_state_machine_is_known() -> None:
    """A state added to the flow has to be given its step, unless it comes after a failure."""
    invoked = {step: Invoked(arn=f"arn:{step}", timeout_seconds=60) for step in FUNCTIONS}
    states = definition(invoked, partition="aws")["States"]
    inner = {name for state in states.values() for name in state.get("ItemProcessor", {}).get("States", {})}
    assert states.keys() | inner == STEP_OF_STATE.keys() | WAY_OUT
    assert set(STEP_OF_STATE.values()) == set(Step)
