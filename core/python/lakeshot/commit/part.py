"""What one try at one part came to, whatever its source: handed from part workers to the commit."""

from lakeshot.files.part_file import PartFile
from lakeshot.model import Model


class PartResult(Model):
    """One finished attempt at one part. None of its files can be seen before the commit.

    ``rows`` are what was written and ``source_count`` what the source said it sent. ``scanned_count``
    and ``consumed_units`` are the source's measure of the reading, ``pages`` the requests it took.
    """

    part: int
    attempt: int
    files: tuple[PartFile, ...]
    rows: int
    source_count: int
    scanned_count: int
    consumed_units: float
    pages: int
    seconds: float
