"""What a run is estimated to cost."""

import pytest

from lakeshot.steps.cost import LEAST_BILLED_SECONDS, glue_cost, read_cost


def cost(seconds: float, *, dpu_seconds: float | None = None, worker_type: str = "G.1X") -> float:
    return glue_cost(
        glue_version="5.1", worker_type=worker_type, workers=10, seconds=seconds, dpu_seconds=dpu_seconds
    )


def test_workers_are_paid_by_the_hour_and_their_size() -> None:
    """Ten G.1X workers are ten DPUs at 0.44 dollars; G.2X are twice that."""
    assert cost(3600) == pytest.approx(4.4)
    assert cost(3600, worker_type="G.2X") == pytest.approx(8.8)


def test_a_minute_is_paid_at_least() -> None:
    """However short the job was."""
    assert cost(1) == cost(LEAST_BILLED_SECONDS)


def test_what_auto_scaling_measured_is_what_is_paid() -> None:
    """It knows how many workers there were at what time."""
    assert cost(3600, dpu_seconds=7200) == pytest.approx(0.88)


def test_only_a_tables_reads_on_demand_are_paid_by_the_read() -> None:
    """Provisioned capacity is paid anyway."""
    assert read_cost(units=2_000_000, on_demand=True) == pytest.approx(0.25)
    assert read_cost(units=2_000_000, on_demand=False) == 0
