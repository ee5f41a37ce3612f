"""What a run is estimated to cost, in US dollars, at the prices of us-east-1.

Prices were read from secondary sources in November 2026, so the result is an estimate, not a bill.
"""

DOLLARS_PER_DPU_HOUR = {"5.1": 0.44, "6.0": 0.308}
DPUS_PER_WORKER = {"G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8}
LEAST_BILLED_SECONDS = 60
DOLLARS_PER_MILLION_ON_DEMAND_READS = 0.125
DOLLARS_PER_EXPORTED_GB = 0.10
"""A GB is taken for 1024³ bytes, as AWS mostly does."""


def glue_cost(
    *, glue_version: str, worker_type: str, workers: int, seconds: float, dpu_seconds: float | None
) -> float:
    """Cost of one Glue job run; ``dpu_seconds`` is what auto scaling measured, else workers times time."""
    if dpu_seconds is None:
        dpu_seconds = DPUS_PER_WORKER[worker_type] * workers * max(seconds, LEAST_BILLED_SECONDS)
    return DOLLARS_PER_DPU_HOUR[glue_version] * dpu_seconds / 3600


def read_cost(*, units: float, on_demand: bool) -> float:
    """Cost of read units; those of a provisioned table are paid for anyway."""
    return DOLLARS_PER_MILLION_ON_DEMAND_READS * units / 1_000_000 if on_demand else 0.0


def export_cost(billed_bytes: int) -> float:
    """Cost of DynamoDB's own export."""
    return DOLLARS_PER_EXPORTED_GB * billed_bytes / 1024**3
