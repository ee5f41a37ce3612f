"""How a DynamoDB table is named and read in ``exports.yaml``."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from lakeshot.model import Setting

LOWEST_PERCENTAGE, HIGHEST_PERCENTAGE = 0.1, 1.0


def _read_percentage(given: object) -> float:
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if not number or not LOWEST_PERCENTAGE <= float(str(given)) <= HIGHEST_PERCENTAGE:
        raise ValueError(
            f"got {given!r}; allowed: a number from {LOWEST_PERCENTAGE} to {HIGHEST_PERCENTAGE}, "
            "the share of the table's read units (0.25 = a quarter)"
        )
    return float(str(given))


ReadPercentage = Annotated[
    float,
    BeforeValidator(_read_percentage),
    Field(json_schema_extra={"minimum": LOWEST_PERCENTAGE, "maximum": HIGHEST_PERCENTAGE}),
]
MaxReadUnits = Annotated[int, Field(ge=1, strict=True)]


class DynamoDBSource(Setting):
    """A DynamoDB table, read by parallel scan."""

    type: Literal["dynamodb"]
    """Kind of database the rows come from."""
    table: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]{3,255}$")]
    """Name of the table."""
    read_percentage: ReadPercentage = 0.25
    """Share of the table's read units per second that a run may use; 0.25 is a quarter."""
    max_read_units: MaxReadUnits | None = None
    """Read units per second at most; give it for on-demand tables, whose units have no fixed number."""
    consistent_read: bool = False
    """Whether to read consistently, which takes twice the units."""
