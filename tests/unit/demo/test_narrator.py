"""The demo says where it is, and when something fails what, why and where to read on."""

import io
from pathlib import Path

import pytest

from demo.narrator import DemoError, Narrator, StepFailedError


def test_a_step_is_told_with_the_seconds_since_the_start() -> None:
    """What is said inside a step stands below it."""
    out, seconds = io.StringIO(), iter([100.0, 102.5])
    narrator = Narrator(out, clock=lambda: next(seconds))
    with narrator.step("Deploy", Path("cdk.log")):
        narrator.tell("two\n\nlines")
    assert out.getvalue() == "[  2.5 s] Deploy\n          two\n\n          lines\n"


def test_a_failure_names_step_cause_and_log() -> None:
    """The first error is kept as the cause."""
    seconds = iter([0.0, 1.0, 7.0])
    narrator = Narrator(io.StringIO(), clock=lambda: next(seconds))
    with pytest.raises(StepFailedError) as caught, narrator.step("Deploy", Path("cdk.log")):
        raise DemoError("the stack is broken")
    assert str(caught.value) == (
        "This step failed, 7 s after the start: Deploy\nCause: the stack is broken\nLog: cdk.log"
    )
    assert isinstance(caught.value.__cause__, DemoError)


def test_an_interruption_is_not_a_failure() -> None:
    """Ctrl-C passes through as it is, so that it ends the demo."""
    narrator = Narrator(io.StringIO())
    with pytest.raises(KeyboardInterrupt), narrator.step("Deploy", Path("cdk.log")):
        raise KeyboardInterrupt
