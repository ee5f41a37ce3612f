"""What fields of a line of text are kept apart by, where that is not settled by the format."""

from lakeshot.files import FileFormat
from lakeshot.model import Model

DELIMITERS = {FileFormat.CSV: ",", FileFormat.TEXT: "\t"}


class Delimited(Model):
    """``header`` says that the first line of each file holds names and no row."""

    delimiter: str
    header: bool = False

    @property
    def header_lines(self) -> int:
        """How many lines of each file are no rows."""
        return int(self.header)


COMMAS = Delimited(delimiter=DELIMITERS[FileFormat.CSV])
"""CSV as Lakeshot itself writes it."""
