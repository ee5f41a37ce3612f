"""The model's executions go the way that the state machine's do."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from lakeshot.steps.messages import Planned
from stacks.constructs.flow import Invoked, definition
from tests.model.executions import MEMBER_WAY, UNREAD_WAY, WAY
from tests.model.world import STEPS, World, moment

State = Mapping[str, Any]
FLOW = definition(
    {step: Invoked(arn=step, timeout_seconds=60) for step in (*STEPS, "native_export")}, partition="aws"
)


def way(states: Mapping[str, State], first: str, given: Mapping[str, Any]) -> Iterator[str]:
    """The states that do something on the way through, for whoever was given this."""
    name: str | None = first
    while name is not None:
        state = states[name]
        if state["Type"] == "Choice":
            name = next((one["Next"] for one in state["Choices"] if holds(one, given)), state["Default"])
        else:
            if state["Type"] != "Pass":
                yield name
            name = state.get("Next")


def holds(choice: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    value = given[choice["Variable"].removeprefix("$.")]
    return (value is None) is choice["IsNull"] if "IsNull" in choice else value is choice["BooleanEquals"]


def test_states_follow_each_other_as_in_the_state_machine() -> None:
    """Of a run that scans, and whose catalog needs no crawler."""
    assert tuple(way(FLOW["States"], FLOW["StartAt"], Planned().model_dump())) == WAY
    members = FLOW["States"]["Members"]["ItemProcessor"]
    member = {"exports": False, "reads": True, "readable": True, "crawls": False}
    assert tuple(way(members["States"], members["StartAt"], member)) == MEMBER_WAY


def test_a_rollback_reads_nothing_in_either() -> None:
    """It begins where the files are verified."""
    members = FLOW["States"]["Members"]["ItemProcessor"]
    member = {"exports": False, "reads": False, "readable": True, "crawls": False}
    assert tuple(way(members["States"], members["StartAt"], member)) == MEMBER_WAY[1:]


def test_what_no_engine_reads_is_counted_in_neither() -> None:
    """Its files are verified, and then it is."""
    members = FLOW["States"]["Members"]["ItemProcessor"]
    member = {"exports": False, "reads": True, "readable": False, "crawls": False}
    assert tuple(way(members["States"], members["StartAt"], member)) == UNREAD_WAY


def test_every_state_that_may_fail_is_caught_and_closed() -> None:
    """A member's states are caught as one, whichever of them failed."""
    caught = {name: state["Catch"][0]["Next"] for name, state in FLOW["States"].items() if "Catch" in state}
    assert caught == {**dict.fromkeys(WAY, "Close"), "Close": "Failed"}
    assert list(way(FLOW["States"], "Close", {})) == ["Close", "Failed"]
    members = FLOW["States"]["Members"]["ItemProcessor"]["States"]
    assert not [name for name, state in members.items() if "Catch" in state]


@pytest.mark.usefixtures("library")
def test_close_is_told_the_same_by_the_catch() -> None:
    """Above all how often the execution had been redriven, which says what end this is."""
    world = World(retain=1)
    run = world.start({"export": "left"}, moment(0), "numbers")
    world.shut_down()
    told = FLOW["States"]["Close"]["Parameters"]["Payload"]
    assert {name.removesuffix(".$") for name in told["detail"]} == world.caught(run)["detail"].keys()
    assert told.keys() == world.caught(run).keys()
