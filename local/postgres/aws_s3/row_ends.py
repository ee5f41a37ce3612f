"""Where an export's bytes may be cut into files: after a row."""

import re


class RowEnds:
    """Finds the ends of rows in the output of COPY, block after block.

    In the text format every line end is one; in csv those outside quotes are. Binary output isn't cut.
    """

    def __init__(self, options: str | None) -> None:
        given = re.search(r"\bformat\s+['\"]?(\w+)", options or "", re.IGNORECASE)
        quote = re.search(r"\bquote\s+(?:[eE]?'|\$\w*\$)(.)", options or "", re.IGNORECASE)
        self._format = given[1].lower() if given else "text"
        self._quote = (quote[1] if quote else '"').encode()
        self._quotes = 0

    def cut(self, block: bytes, begin: int) -> int | None:
        """Return the end of the first row that ends at or after ``begin`` in this block, or None."""
        if self._format == "binary":
            return None
        end = block.find(b"\n", begin)
        while end >= 0:
            if self._format != "csv" or (self._quotes + block.count(self._quote, 0, end)) % 2 == 0:
                return end + 1
            end = block.find(b"\n", end + 1)
        return None

    def passed(self, block: bytes) -> None:
        """Remember a block, or the beginning of one, that has been dealt with."""
        self._quotes += block.count(self._quote)
