"""Parts without rows, and what came of them."""

from lakeshot.commit.part import PartResult
from lakeshot.model import Model


class Slice(Model):
    """A part that reads nothing."""

    number: int
    text: str = ""


def slices(count: int) -> list[Slice]:
    return [Slice(number=number, text=f"'{number}' é") for number in range(count)]


def result(part: int, attempt: int = 0) -> PartResult:
    return PartResult(
        part=part,
        attempt=attempt,
        files=(),
        rows=0,
        source_count=0,
        scanned_count=0,
        consumed_units=0.0,
        pages=0,
        seconds=0.0,
    )
