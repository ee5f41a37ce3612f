"""Where snapshots become queryable. One interface, so that another table format is one more module."""

from typing import Protocol

from lakeshot.commit.manifest import Manifest
from lakeshot.lake.shown import Shown
from lakeshot.lake.view import ViewDefinition


class Lake(Protocol):
    """The catalog and the view of one export.

    A snapshot is registered in a table generation, its view is staged beside the real one, and the
    real one is replaced by what was staged. Only ``replace`` and ``drop_view`` change what readers see.
    """

    def takes(self, manifest: Manifest, generation: int) -> bool:
        """Whether a table generation, new or not, can hold the snapshot beside whatever is left in it."""

    def register(self, manifest: Manifest, generation: int) -> None:
        """Make a committed snapshot queryable in the table of its generation, and in no earlier one.

        Changes have tables of their own. Repeating changes nothing. CatalogError if others keep changing
        the table meanwhile.
        """

    def count_query(self, shown: Shown, *, compared: Shown | None) -> str:
        """The query that counts a snapshot's rows as a reader would, in one row of whole numbers.

        ``rows`` are those of its own files, ``rows_shown`` those of the view that shows it, and of changes
        ``rows_beneath`` those of all that the view is made of. If it is ``compared`` with another snapshot,
        ``missing`` are rows of that one which it lacks, and ``surplus`` rows of its own which that one
        lacks. CatalogError if the query is too long to be passed on.
        """

    def stage(self, shown: Shown, *, run: str) -> ViewDefinition:
        """Make the snapshot's view under a staging name of the run's and read it; repeating makes it anew.

        ``run`` is the one that is going to publish it, which need not be the one that wrote the snapshot.
        CatalogError if the view cannot be made or one of its columns cannot be read.
        """

    def staged(self, run: str) -> ViewDefinition | None:
        """The view this run has staged; None if there is none."""

    def unstage(self, run: str) -> None:
        """Remove the view this run has staged. One that is not there is no error."""

    def stage_nothing(self) -> ViewDefinition:
        """The view of an export that has published nothing yet. Leaves nothing staged."""

    def shown(self) -> ViewDefinition | None:
        """What the view is now; None if there is no view."""

    def replace(self, definition: ViewDefinition, *, fence: int) -> None:
        """Make the view this definition, in one change that is written even if nothing differs.

        LockLostError, with nothing changed, if a higher fence has written the view since.
        CatalogError if others keep changing it meanwhile.
        """

    def shown_rows(self) -> int:
        """How many rows the view shows now."""

    def remove(self, snapshot: str, generation: int, *, changes: bool) -> None:
        """Take a snapshot, whole or of changes, out of its generation's table.

        One that is not there is no error.
        """

    def drop_view(self) -> None:
        """Remove the view. One that is not there is no error."""
