"""How many read units per second a run may take from a table."""

from typing import Literal

from lakeshot.model import Model

DEFAULT_ON_DEMAND_UNITS = 12_000
"""What a new on-demand table serves at once (Amazon DynamoDB developer guide, on-demand capacity)."""


class ReadRate(Model):
    """Read units per second, and in words what they were derived from."""

    units_per_second: float
    basis: str


class Throughput(Model):
    """What DescribeTable says of a table's read capacity, in read units per second."""

    mode: Literal["provisioned", "on-demand"]
    provisioned_units: int = 0
    maximum_units: int | None = None
    warm_units: int | None = None


def read_rate(throughput: Throughput, read_percentage: float, max_read_units: int | None) -> ReadRate:
    """The rate a run may read at.

    Provisioned: the percentage of the provisioned units, never above ``max_read_units``.
    On-demand: ``max_read_units`` if given, else the percentage of the table's own maximum, of its
    warm throughput, or of 12,000 units, whichever is known first.
    """
    share = f"{read_percentage:.0%} of"
    if throughput.mode == "provisioned":
        units = read_percentage * throughput.provisioned_units
        basis = f"{share} {throughput.provisioned_units} provisioned read units"
        if max_read_units is not None and max_read_units < units:
            return ReadRate(units_per_second=max_read_units, basis=f"max_read_units, below {basis}")
        return ReadRate(units_per_second=units, basis=basis)
    if max_read_units is not None:
        return ReadRate(units_per_second=max_read_units, basis="max_read_units")
    if throughput.maximum_units is not None:
        units, of_what = throughput.maximum_units, "the table's own on-demand maximum"
    elif throughput.warm_units is not None:
        units, of_what = throughput.warm_units, "the table's warm throughput"
    else:
        units, of_what = DEFAULT_ON_DEMAND_UNITS, "what a new on-demand table serves"
    return ReadRate(units_per_second=read_percentage * units, basis=f"{share} {units} units, {of_what}")
