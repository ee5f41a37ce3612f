"""How a DynamoDB table is named and read in ``exports.yaml``."""

from typing import Annotated, Literal

from pydantic import Field

from lakeshot.config.allowed import allowed
from lakeshot.dynamodb.segments import MOST_SEGMENTS
from lakeshot.model import Setting

ReadPercentage = Annotated[
    float,
    Field(ge=0.1, le=1.0, strict=True),
    allowed("a number from 0.1 to 1.0, the share of the table's read units (0.25 = a quarter)"),
]
MaxReadUnits = Annotated[int, Field(ge=1, strict=True)]
Segments = Annotated[
    int,
    Field(ge=1, le=MOST_SEGMENTS, strict=True),
    allowed(f"a whole number from 1 to {MOST_SEGMENTS:,}, or nothing, so that the table's size decides"),
]


Route = Literal["auto", "native", "scan"]


class DynamoDBSource(Setting):
    """A DynamoDB table, exported to S3 by DynamoDB itself or read by parallel scan."""

    type: Literal["dynamodb"]
    """Kind of database the rows come from."""
    table: Annotated[
        str,
        Field(pattern=r"^[a-zA-Z0-9_.-]{3,255}$"),
        allowed("a DynamoDB table's name: 3 to 255 letters, digits, underscores, hyphens and dots"),
    ]
    """Name of the table."""
    route: Route = "auto"
    """``native`` has DynamoDB export the table, which takes no read units and shows it as it was at one
    instant, but needs point-in-time recovery; ``scan`` reads it; ``auto`` is native if recovery is on."""
    read_percentage: ReadPercentage = 0.25
    """Share of the table's read units per second that a scan may use; 0.25 is a quarter."""
    max_read_units: MaxReadUnits | None = None
    """Read units per second at most; give it for on-demand tables, whose units have no fixed number."""
    consistent_read: bool = False
    """Whether to read consistently, which takes twice the units."""
    segments: Segments | None = None
    """Into how many parts the scan is cut; by default as many as the table's size and the job's need."""

    @property
    def name(self) -> str:
        """What the source is called in payloads and messages."""
        return self.table
