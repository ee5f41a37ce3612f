"""Where snapshots become queryable. One interface, so that another table format is one more module."""

from typing import Protocol

from lakeshot.commit.manifest import Manifest


class Lake(Protocol):
    """The catalog and the view of one export."""

    def register(self, manifest: Manifest) -> None:
        """Make a committed snapshot queryable in the table of all snapshots. Repeating changes nothing."""

    def count_query(self, manifest: Manifest) -> str:
        """The query that counts a snapshot's rows as a reader would."""

    def probe(self, manifest: Manifest) -> None:
        """Read every column of a snapshot as the view will; CatalogError if one cannot be read."""

    def show(self, manifest: Manifest | None) -> None:
        """Let the view show a snapshot, or no rows where there is none."""

    def shown_rows(self) -> int:
        """How many rows the view shows now."""

    def remove(self, snapshot: str) -> None:
        """Take a snapshot out of the table of all snapshots. One that is not there is no error."""

    def drop_view(self) -> None:
        """Remove the view. One that is not there is no error."""
