"""No order of calls, crashes and retries shows a reader anything but one verified snapshot."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import Runs

EXAMPLES = int(os.environ.get("LAKESHOT_MODEL_EXAMPLES", "0"))
"""How many to try when hunting, each time other ones; without it, always the same few."""


@pytest.mark.usefixtures("library")
def test_whatever_happens_readers_see_one_verified_snapshot_or_none() -> None:
    """And when everything is at rest, nothing is left of what did not succeed."""
    run_state_machine_as_test(
        Runs,
        settings=settings(
            max_examples=EXAMPLES or 150,
            stateful_step_count=40,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
