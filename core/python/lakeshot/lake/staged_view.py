"""A view that Athena makes and reads under a name of the run's own, before it takes the real view's place."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeshot.errors import CatalogError
from lakeshot.lake.athena import Athena
from lakeshot.lake.sql import create_view, qualified, read_all_columns
from lakeshot.lake.view import GlueView, ViewDefinition
from lakeshot.names import run_token, staged_view

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient

_NOTHING = "nothing"
"""In the place of a run's token, which is eight hex digits."""


@dataclass(frozen=True)
class StagedView:
    """The view of an export or of a group: staged as often as one likes, moved under a fence."""

    glue: "GlueClient"
    athena: Athena
    name: str

    def stage(self, run: str, select: str, *, snapshot: str | None) -> ViewDefinition:
        """Make the view of a query under the run's staging name and read it; repeating makes it anew.

        CatalogError if it cannot be made, or one of its columns cannot be read.
        """
        return self._stage(run_token(run), select, snapshot)

    def staged(self, run: str) -> ViewDefinition | None:
        """The view this run has staged; None if there is none."""
        return self._staging(run_token(run)).definition()

    def unstage(self, run: str) -> None:
        """Remove the view this run has staged. One that is not there is no error."""
        self._staging(run_token(run)).drop()

    def stage_nothing(self, select: str) -> ViewDefinition:
        """The view of a query without rows. Leaves nothing staged."""
        try:
            return self._stage(_NOTHING, select, None)
        finally:
            self._staging(_NOTHING).drop()

    def shown(self) -> ViewDefinition | None:
        """What the real view is now; None if there is no view."""
        return self._real.definition()

    def replace(self, definition: ViewDefinition, *, fence: int) -> None:
        """Make the real view this definition (see ``GlueView.replace``)."""
        self._real.replace(definition, fence=fence)

    def drop(self) -> None:
        """Remove the real view. One that is not there is no error."""
        self._real.drop()

    @property
    def _real(self) -> GlueView:
        return GlueView(self.glue, self.athena.database, self.name)

    def _staging(self, token: str) -> GlueView:
        return GlueView(self.glue, self.athena.database, staged_view(self.name, token))

    def _stage(self, token: str, select: str, snapshot: str | None) -> ViewDefinition:
        staging = self._staging(token)
        self.athena.run(create_view(staging.database, staging.name, select))
        self.athena.run(read_all_columns(staging.database, staging.name))
        if (made := staging.definition()) is None:
            raise CatalogError(
                f"Athena made and read view {qualified(staging.database, staging.name)}, but the catalog "
                "does not have it any more: somebody removed it; nothing was published, run again"
            )
        definition = made.model_copy(update={"snapshot": snapshot})
        # Athena does not know what the view shows; the staged view says so, for who reads it later.
        staging.replace(definition, fence=0)
        return definition
