"""The states of the state machine are shown as the steps people know."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from operate.flow import STEP_OF_STATE, Step, latest_step
from stacks.constructs.flow import Invoked, definition

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

FUNCTIONS = (
    "plan",
    "native_export",
    "verify_files",
    "catalog",
    "verify_readable",
    "publish",
    "retain",
    "report",
    "close",
)
NO_STEP = frozenset(
    {
        "AlreadyRun",
        "ChooseReadable",
        "ChooseReading",
        "ChooseWhetherToRun",
        "Close",
        "CrawlerTooSlow",
        "Failed",
        "Members",
    }
)
"""States that only lead from one step to the next, or out after a failure."""


def entered(*names: str) -> "list[HistoryEventTypeDef]":
    """A history with its newest event first."""
    events: list[Any] = [
        {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": name}} for name in names
    ]
    return [*events, {"type": "ExecutionStarted"}]


def names(states: Mapping[str, Any]) -> Iterator[str]:
    """Every state by its name, those within others too."""
    for name, state in states.items():
        yield name
        yield from names(state.get("ItemProcessor", {}).get("States", {}))


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
    """A state added to the flow has to be given its step, unless it only leads on."""
    invoked = {step: Invoked(arn=f"arn:{step}", timeout_seconds=60) for step in FUNCTIONS}
    states = definition(invoked, partition="aws")["States"]
    assert set(names(states)) == STEP_OF_STATE.keys() | NO_STEP
    assert set(STEP_OF_STATE.values()) == set(Step)
